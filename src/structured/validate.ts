import { Validator, toJsonSchema } from "@langchain/core/utils/json_schema";
import { isStandardSchema } from "@langchain/core/utils/standard_schema";
import { interopSafeParseAsync, isInteropZodSchema } from "@langchain/core/utils/types";
import { OptionError, asError } from "../core/errors.js";
import { below } from "./rules.js";

/** A value as the schema makes it, or why the schema refuses it. */
export type Validated = { value: unknown } | { why: string };

/** Checks a value; at once, unless the schema itself takes its time. */
export type Validate = (value: unknown) => Validated | Promise<Validated>;

/** Most complaints that are kept of one object. */
const MOST_ISSUES = 3;

type Draft = NonNullable<ConstructorParameters<typeof Validator>[1]>;

const DRAFTS: readonly (readonly [name: string, draft: Draft])[] = [
  ["draft-04", "4"],
  ["draft-07", "7"],
  ["2019-09", "2019-09"],
];

/**
 * The check that a schema stands for: zod's and every standard schema's own, or of a
 * JSON schema the one that LangChain ships (2020-12, unless its `$schema` says otherwise).
 *
 * @throws {OptionError} if it is no schema
 */
export function validatorOf(schema: unknown): Validate {
  // Zod as a standard schema tries to be quick first: it would run what takes its time twice, and drop a failure.
  if (isInteropZodSchema(schema)) return (value) => interopSafeParseAsync(schema, value).then(readZod);
  if (isStandardSchema(schema)) return (value) => settled(schema["~standard"].validate(value), read);
  return jsonValidator(schema);
}

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
}

function read(result: { value?: unknown; issues?: readonly Issue[] | undefined }): Validated {
  return result.issues ? { why: complaint(result.issues) } : { value: result.value };
}

/** @throws what a refinement of the schema threw */
function readZod(result: Awaited<ReturnType<typeof interopSafeParseAsync>>): Validated {
  if (result.success) return { value: result.data };
  const { issues } = result.error as { issues?: readonly Issue[] };
  if (issues === undefined) throw result.error;
  return { why: complaint(issues) };
}

function complaint(issues: readonly Issue[]): string {
  const told = issues.slice(0, MOST_ISSUES).map(({ message, path = [] }) => {
    const place = path
      .map((part) => String(typeof part === "object" ? part.key : part))
      .reduce((whole, name) => below(whole, name), "");
    return place === "" ? message : `${place}: ${message}`;
  });
  return `${told.join("; ")}${issues.length > MOST_ISSUES ? "; …" : ""}`;
}

function jsonValidator(schema: unknown): Validate {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new OptionError("withStructuredOutput.schema", schema, "Give a zod, standard or JSON schema.");
  }
  const { parameters } = schema as { parameters?: unknown };
  // A function as OpenAI describes it: its parameters are the schema.
  const isFunction = "name" in schema && typeof parameters === "object" && parameters !== null;
  const plain = toJsonSchema((isFunction ? parameters : schema) as Parameters<typeof toJsonSchema>[0]);
  const validator = openValidator(plain);
  requireSound(schema, validator);
  return (value) => {
    const { valid, errors } = validator.validate(value);
    if (valid) return { value };
    // The innermost complaint comes last and says most.
    return {
      why: complaint(
        errors.toReversed().map(({ error, instanceLocation }) => ({
          message: error,
          path: instanceLocation.split("/").slice(1),
        })),
      ),
    };
  };
}

function openValidator(schema: object): Validator {
  const { $schema } = schema as { $schema?: unknown };
  const named = DRAFTS.find(([name]) => typeof $schema === "string" && $schema.includes(name));
  try {
    return new Validator(
      schema as ConstructorParameters<typeof Validator>[0],
      named?.[1] ?? "2020-12",
      false,
    );
  } catch (error) {
    throw noJsonSchema(schema, asError(error).message);
  }
}

interface SubSchema {
  $ref?: unknown;
  /** Where that leads, as the validator resolves it. */
  __absolute_ref__?: string;
  pattern?: unknown;
  patternProperties?: object;
}

/**
 * The validator finds these out with the first object, when that is paid for.
 *
 * @throws {OptionError} if a reference leads nowhere, or a pattern is no regular expression
 */
function requireSound(schema: object, validator: Validator): void {
  const { lookup } = validator as unknown as { lookup: Readonly<Record<string, SubSchema | boolean>> };
  for (const part of Object.values(lookup)) {
    if (typeof part === "boolean") continue;
    const { $ref, __absolute_ref__: target = $ref, pattern, patternProperties = {} } = part;
    if ($ref !== undefined && !Object.hasOwn(lookup, String(target)))
      throw noJsonSchema(schema, `$ref leads nowhere: ${JSON.stringify($ref)}`);
    for (const each of [pattern, ...Object.keys(patternProperties)]) {
      try {
        if (typeof each === "string") RegExp(each, "u");
      } catch (error) {
        throw noJsonSchema(schema, asError(error).message);
      }
    }
  }
}

function noJsonSchema(schema: object, why: string): OptionError {
  return new OptionError("withStructuredOutput.schema", schema, `It is no JSON schema: ${why}`);
}

function settled<From, To>(value: From | PromiseLike<From>, then: (value: From) => To): To | Promise<To> {
  return isPromise(value) ? Promise.resolve(value).then(then) : then(value);
}

/** Whether a value is to be waited for. */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}
