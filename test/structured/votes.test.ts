import { AIMessage } from "@langchain/core/messages";
import { JsonOutputParser } from "@langchain/core/output_parsers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling } from "../../src/index.js";
import { byField } from "../../src/structured/index.js";
import type { StructuredOptions, StructuredRecord } from "../../src/structured/index.js";
import { RunCollector } from "../support/run_collector.js";
import { ScriptedModel } from "../support/scripted_model.js";

class ScriptedTools extends ScriptedModel {
  override bindTools(): this {
    return this;
  }
}

const schema = z.object({ a: z.number(), b: z.number(), c: z.number() });
type Sum = z.infer<typeof schema>;

/** Each is right in two fields of three, and two of four everywhere. */
const SAID: Sum[] = [
  { a: 1, b: 2, c: 9 },
  { a: 1, b: 8, c: 3 },
  { a: 7, b: 2, c: 3 },
];

async function solved(
  said: readonly object[],
  options: StructuredOptions = {},
  asked: z.ZodType<Sum> = schema,
): Promise<StructuredRecord<Sum>> {
  const model = new ScriptedTools(
    ({ index }) =>
      new AIMessage({
        content: `Call ${index}.`,
        tool_calls: [
          { name: "extract", args: (said[index % said.length] ?? {}) as Record<string, unknown>, id: "1" },
        ],
      }),
  );
  const scaled = new DynScaling({
    model,
    budget: { samplesPerInput: said.length },
    unitSamples: said.length,
  });
  const [record] = await scaled.withStructuredOutput(asked, options).solve(["Read."]);
  return record as StructuredRecord<Sum>;
}

describe("an object put together from several responses", () => {
  it("is returned where no response gave it, with its own canonical JSON and agreement", async () => {
    const record = await solved(SAID, { vote: byField() });
    expect(record).toMatchObject({
      object: { a: 1, b: 2, c: 3 },
      combined: true,
      answer: '{"a":1,"b":2,"c":3}',
    });
    expect(record.agreement).toBe(2 / 3);
    expect(record.fields.map(({ path, agreement }) => [path, agreement])).toEqual([
      ["a", 2 / 3],
      ["b", 2 / 3],
      ["c", 2 / 3],
    ]);
    expect(record.message?.response_metadata.dynscaling).toMatchObject({
      answer: record.answer,
      combined: true,
      fields: record.fields,
    });
    expect(record.message?.text).toBe("Call 0.");
  });

  it("is not returned by default: the whole objects vote", async () => {
    const record = await solved(SAID);
    expect(record).toMatchObject({ object: SAID[0], combined: false, agreement: 1 / 3 });
  });

  it("gives way to the elected whole object where the schema refuses it", async () => {
    const consistent = schema.refine(({ a, b, c }) => a + b + c !== 6, "The sum is wrong.");
    const record = await solved(SAID, { vote: byField() }, consistent);
    expect(record).toMatchObject({ object: SAID[0], combined: false, answer: '{"a":1,"b":2,"c":9}' });
    expect(record.fields[2]).toMatchObject({ path: "c", agreement: 1 / 3 });
  });

  it("waits for a schema that takes its time to refuse it", async () => {
    const slow = schema.refine(async ({ a, b, c }) => Promise.resolve(a + b + c !== 6));
    expect((await solved(SAID, { vote: byField() }, slow)).object).toEqual(SAID[0]);
  });

  it("is stood for by the response that gave it, where one did, though fewer gave it", async () => {
    const said = [
      { a: 1, b: 8, c: 8 },
      { a: 1, b: 8, c: 8 },
      { a: 1, b: 2, c: 3 },
      { a: 4, b: 2, c: 3 },
      { a: 1, b: 2, c: 5 },
      { a: 5, b: 9, c: 3 },
    ];
    const record = await solved(said, { vote: byField() });
    expect(record).toMatchObject({ object: said[2], combined: false, agreement: 3 / 6 });
    expect(record.message?.text).toBe("Call 2.");
    expect(record.votes[0]).toEqual({ answer: '{"a":1,"b":8,"c":8}', count: 2 });
  });

  it("is what the trace of the input shows", async () => {
    const collector = new RunCollector();
    const model = new ScriptedTools(
      ({ index }) =>
        new AIMessage({
          content: "",
          tool_calls: [{ name: "extract", args: { ...SAID[index % 3] }, id: "1" }],
        }),
    );
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 3 }, unitSamples: 3 });
    await scaled
      .withStructuredOutput(schema, { vote: byField() })
      .invoke("Read.", { callbacks: [collector] });
    const [root] = collector.childrenOf(undefined);
    expect(root?.name).toBe("StructuredScaling");
    expect(root?.ends).toMatchObject([
      {
        output: {
          dynscaling: { object: { a: 1, b: 2, c: 3 }, combined: true, answer: '{"a":1,"b":2,"c":3}' },
        },
      },
    ]);
  });
});

/** A schema that goes as deep as the object does. */
const ANYTHING = {
  type: ["object", "array", "number", "string"],
  items: { $ref: "#" },
  additionalProperties: { $ref: "#" },
};

describe("hostile objects", () => {
  async function voted(texts: readonly string[], vote = byField()): Promise<StructuredRecord<object>> {
    const model = Object.assign(new ScriptedModel(({ index }) => texts[index % texts.length] as string), {
      withStructuredOutput: () => model.pipe(new JsonOutputParser()),
    });
    const scaled = new DynScaling({
      model,
      budget: { samplesPerInput: texts.length },
      unitSamples: texts.length,
    });
    const [record] = await scaled.withStructuredOutput(ANYTHING, { vote }).solve(["Read."]);
    return record as StructuredRecord<object>;
  }

  it("keys of the prototype are keys like others, and touch no prototype", async () => {
    const texts = [
      '{"__proto__": {"evil": 1}, "constructor": 1}',
      '{"__proto__": {"evil": 1}, "toString": 2}',
    ];
    const { object } = await voted([...texts, texts[0] as string]);
    expect(JSON.stringify(object)).toBe('{"__proto__":{"evil":1},"constructor":1}');
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(({} as { evil?: number }).evil).toBeUndefined();
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("%s nested ten thousand levels deep never vote, and say why", async (_name, start, end) => {
    const deep = `{"a":${start.repeat(10_000)}1${end.repeat(10_000)}}`;
    const record = await voted([deep, '{"a":1}']);
    expect(record).toMatchObject({ object: { a: 1 }, unparsedSamples: 1, failedSamples: 0 });
    expect(record.responses[0]?.unparsed).toContain("200 levels");
  });

  it("an object of a megabyte is voted on, with a bounded list of fields", async () => {
    const long = JSON.stringify({ a: Array.from({ length: 75_000 }, (_, n) => `value ${n}`) });
    const record = await voted([long, long, '{"a":[]}']);
    expect(long.length).toBeGreaterThan(1_000_000);
    expect(JSON.stringify(record.object)).toBe(long);
    expect(record.fields).toHaveLength(2000);
  });
});
