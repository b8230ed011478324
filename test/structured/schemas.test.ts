import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as z3 from "zod/v3";
import { DynScaling, OptionError } from "../../src/index.js";
import { absolute, byField, meanOfFields, worstOfFields } from "../../src/structured/index.js";
import { RunCollector } from "../support/run_collector.js";
import { saying, solvedWith } from "./scripted_tools.js";
import type { ScriptedTools } from "./scripted_tools.js";

const scaledOf = (model: ScriptedTools): DynScaling =>
  new DynScaling({ model, budget: { samplesPerInput: 4 }, unitSamples: 4 });

describe("a schema that takes its time", () => {
  it("checks each response once", async () => {
    let checks = 0;
    const counting = z.object({ sku: z.string() }).refine(async () => {
      checks += 1;
      return true;
    });
    await scaledOf(saying([{ sku: "A" }]))
      .withStructuredOutput(counting)
      .invoke("Read.");
    expect(checks).toBe(4);
  });

  it.each([
    ["zod 4", z.object({ sku: z.string() })],
    ["zod 3", z3.z.object({ sku: z3.z.string() })],
  ] as const)("fails the sample whose check fails, and nothing else: %s", async (_name, plain) => {
    const flaky = (plain as z.ZodType<{ sku: string }>).refine(async ({ sku }) => {
      if (sku === "B") throw new Error("The catalogue is down.");
      return true;
    });
    const record = await solvedWith([{ sku: "A" }, { sku: "B" }], flaky);
    expect(record).toMatchObject({ object: { sku: "A" }, failedSamples: 1 });
    expect(record.responses[1]?.error).toEqual(new Error("The catalogue is down."));
    await expect(
      scaledOf(saying([{ sku: "B" }]))
        .withStructuredOutput(flaky)
        .invoke("Read."),
    ).rejects.toThrow("The catalogue is down.");
  });

  it("adds no runs to the trace", async () => {
    const collector = new RunCollector();
    const schema = z.object({ sku: z.string() });
    await scaledOf(saying([{ sku: "A" }]))
      .withStructuredOutput(schema)
      .invoke("Read.", { callbacks: [collector] });
    expect(collector.of("ScriptedTools")).toHaveLength(4);
    expect(collector.of("readings")).toEqual([]);
  });

  it("may return any thenable", async () => {
    const validate = ({ total }: { total: number }): object => ({
      // oxlint-disable-next-line unicorn/no-thenable -- What the standard allows.
      then: (settle: (result: object) => void) =>
        settle(total < 2 ? { value: { total } } : { issues: [{ message: "Too much." }] }),
    });
    const input = (): object => ({ type: "object", properties: { total: { type: "number" } } });
    const schema = {
      "~standard": { version: 1, vendor: "test", validate, jsonSchema: { input, output: input } },
    };
    const record = await solvedWith([{ total: 1 }, { total: 2 }], schema);
    expect(record).toMatchObject({ object: { total: 1 }, unparsedSamples: 1, failedSamples: 0 });
  });
});

describe("a schema or a path that can never work is refused before anything is spent", () => {
  const open = (schema: object, options = {}): (() => unknown) => {
    const scaled = scaledOf(saying([{}]));
    return () => scaled.withStructuredOutput(schema, options);
  };
  const jsonSchema = (of: object): object => ({ title: "read", type: "object", properties: { a: of } });

  it.each<[string, object, RegExp]>([
    [
      "a reference that leads nowhere",
      jsonSchema({ $ref: "#/$defs/None" }),
      /leads nowhere: "#\/\$defs\/None"/,
    ],
    [
      "a pattern that is none",
      jsonSchema({ type: "string", pattern: "(" }),
      /no JSON schema: Invalid regular/,
    ],
    [
      "a pattern of names that is none",
      jsonSchema({ type: "object", patternProperties: { "[": {} } }),
      /no JSON schema: Invalid regular/,
    ],
  ])("%s", (_name, schema, message) => {
    expect(open(schema)).toThrow(OptionError);
    expect(open(schema)).toThrow(message);
  });

  it("references that lead somewhere are none", () => {
    const a = { type: "object", properties: { pattern: { type: "string" }, next: { $ref: "#/$defs/a" } } };
    expect(open({ ...jsonSchema({ $ref: "#/$defs/a" }), $defs: { a } })).not.toThrow();
  });

  const nested = z.object({
    total: z.number(),
    lines: z.array(z.object({ sku: z.string(), price: z.number().nullable() })),
    either: z
      .union([z.object({ a: z.number() }), z.object({ b: z.array(z.object({ c: z.number() })) })])
      .nullish(),
    free: z.record(z.string(), z.object({ x: z.number() })),
  });

  it.each(["totl", "lines.cost", "total.x", "either.c", "free.any.y"])("the path %s", (path) => {
    for (const measure of [worstOfFields([path]), meanOfFields(["total", path])])
      expect(open(nested, { uncertainty: measure })).toThrow(
        `withStructuredOutput.uncertainty: got "${path}". The schema has no field "${path}"`,
      );
    expect(open(nested, { vote: byField({ fields: { [path]: { tolerance: absolute(1) } } }) })).toThrow(
      `withStructuredOutput.vote: got "${path}".`,
    );
  });

  it.each(["total", "lines", "lines.price", "either.a", "either.b.c", "free.any.x"])(
    "but not the path %s, which the schema has",
    (path) => {
      expect(open(nested, { uncertainty: worstOfFields([path]) })).not.toThrow();
      const plain = z.toJSONSchema(nested);
      expect(open({ ...plain, title: "read" }, { uncertainty: worstOfFields([path]) })).not.toThrow();
      expect(open({ ...plain, title: "read" }, { uncertainty: worstOfFields([`${path}.typo`]) })).toThrow(
        OptionError,
      );
    },
  );

  it.each<[string, object]>([
    ["takes any field", z.looseObject({ a: z.number() })],
    ["transforms the object", z.object({ a: z.number() }).transform(({ a }) => ({ total: a }))],
    ["is of zod 3", z3.z.object({ a: z3.z.number() })],
    ["says nothing of its fields", { title: "read", type: "object" }],
    ["refers to itself", { title: "read", type: "object", additionalProperties: { $ref: "#" } }],
  ])("nor any of a schema that %s", (_name, schema) => {
    expect(open(schema, { uncertainty: worstOfFields(["total"]) })).not.toThrow();
  });
});

describe("what a schema makes of an object", () => {
  it("does not vote where JSON would leave it empty", async () => {
    const schema = z.object({ a: z.string().transform((a) => (a === "x" ? 1 : new RegExp(a))) });
    const record = await solvedWith([{ a: "y" }, { a: "z" }, { a: "x" }], schema);
    expect(record).toMatchObject({ object: { a: 1 }, unparsedSamples: 2 });
    expect(record.responses[0]?.unparsed).toContain("cannot be written as JSON (RegExp)");
  });
});
