import { OptionError } from "../core/errors.js";

/** The keywords of a JSON schema that say where a field may be. */
interface Part {
  $ref?: unknown;
  type?: unknown;
  properties?: Readonly<Record<string, unknown>>;
  additionalProperties?: unknown;
  patternProperties?: unknown;
  items?: unknown;
  prefixItems?: unknown;
}

/** Those under which a field may be named too. */
const BRANCHES = ["allOf", "anyOf", "oneOf"] as const;
const ELSEWHERE = [
  "if",
  "dependentSchemas",
  "unevaluatedProperties",
  "$recursiveRef",
  "$dynamicRef",
] as const;

/**
 * Finds a mistyped path before it silently stands for a field that nobody has.
 *
 * @param schema zod, standard or JSON schema; nothing is refused of one that does not tell its fields
 * @throws {OptionError} if an object of the schema cannot have a field at one of the paths
 */
export function requirePaths(option: string, paths: readonly string[], schema: unknown): void {
  const whole = outputOf(schema);
  if (whole === undefined) return;
  for (const path of paths) {
    if (path === "" || mayHave(whole, path.split("."), whole, 0)) continue;
    const fix = `The schema has no field ${JSON.stringify(path)}; give names joined by dots, whatever arrays lie between.`;
    throw new OptionError(option, path, fix);
  }
}

/** The JSON schema of what a schema makes of an object; `undefined` if it does not say. */
function outputOf(schema: unknown): unknown {
  const { "~standard": standard, parameters } = Object(schema) as {
    "~standard"?: { jsonSchema?: { output?: (options: { target: string }) => unknown } };
    parameters?: unknown;
  };
  if (standard === undefined) {
    // Of the third version of zod nothing is known; a function's parameters are the schema.
    if ("_def" in Object(schema)) return undefined;
    return "name" in Object(schema) && typeof parameters === "object" ? parameters : schema;
  }
  try {
    return standard.jsonSchema?.output?.({ target: "draft-2020-12" });
  } catch {
    // What a transform makes of an object cannot be written as JSON schema.
    return undefined;
  }
}

/** Far beyond any schema that is not circular. */
const MOST_STEPS = 100;

function mayHave(part: unknown, route: readonly string[], whole: unknown, steps: number): boolean {
  const [name, ...rest] = route;
  if (name === undefined || steps > MOST_STEPS) return true;
  if (typeof part !== "object" || part === null) return part !== false;
  if (ELSEWHERE.some((keyword) => keyword in part)) return true;
  const { $ref, properties, items, prefixItems, additionalProperties, patternProperties } = part as Part;
  const goOn = (inner: unknown, way: readonly string[]): boolean => mayHave(inner, way, whole, steps + 1);
  if ($ref !== undefined) return goOn(referred($ref, whole), route);
  const branches = BRANCHES.flatMap((keyword) => (part as Record<string, unknown[]>)[keyword] ?? []);
  const inner = [items, ...(Array.isArray(prefixItems) ? prefixItems : [])].flat();
  const elements = inner.filter((each) => each !== undefined);
  if ([...branches, ...elements].some((each) => goOn(each, route))) return true;
  if (properties !== undefined && Object.hasOwn(properties, name)) return goOn(properties[name], rest);
  if (patternProperties !== undefined) return true;
  if (typeof additionalProperties === "object" && additionalProperties !== null)
    return goOn(additionalProperties, rest);
  if (additionalProperties !== undefined) return additionalProperties !== false;
  // It tells what it holds, and this is not there.
  return !isTold(part as Part) && branches.length === 0 && elements.length === 0;
}

/** Whether a part says what it is: a text has no fields. */
function isTold({ type, properties, ...others }: Part): boolean {
  if (properties !== undefined || "enum" in others || "const" in others) return true;
  return type !== undefined && ![type].flat().some((each) => each === "object" || each === "array");
}

/** What a reference within the schema leads to; `undefined` allows everything. */
function referred(reference: unknown, whole: unknown): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  const names = reference.split("/").slice(1);
  return names.reduce<unknown>((part, name) => {
    const key = decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~");
    return Object(part) === part && Object.hasOwn(part as object, key)
      ? (part as Record<string, unknown>)[key]
      : undefined;
  }, whole);
}
