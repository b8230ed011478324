import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling } from "../../src/index.js";
import { byField, wholeObject } from "../../src/structured/index.js";
import { ScriptedTools, saying, solvedWith } from "./scripted_tools.js";

/** What the conditioned requests quote. */
function quotedTo(model: ScriptedTools): string[] {
  return model.calls.flatMap(({ messages }) =>
    messages.slice(1).flatMap(({ text }) => text.match(/^\{.*\}$/gm) ?? []),
  );
}

describe("objects that the schema transforms", () => {
  const numbers = z.object({
    a: z.string().transform(Number),
    b: z.string().transform(Number),
    c: z.string().transform(Number),
  });
  const SAID = [
    { a: "1", b: "2", c: "9" },
    { a: "1", b: "8", c: "3" },
    { a: "7", b: "2", c: "3" },
  ];

  it("are put together as they were written, and then transformed", async () => {
    const record = await solvedWith(SAID, numbers, { vote: byField() });
    expect(record).toMatchObject({
      object: { a: 1, b: 2, c: 3 },
      combined: true,
      answer: '{"a":1,"b":2,"c":3}',
      agreement: 2 / 3,
    });
  });

  it("are transformed once, though the schema would take what it made of them", async () => {
    const cents = z.object({ a: z.number().transform((a) => a * 100), b: z.number() });
    const said = [
      { a: 1, b: 9 },
      { a: 1, b: 3 },
      { a: 4, b: 2 },
      { a: 4, b: 2 },
      { a: 1, b: 5 },
    ];
    const record = await solvedWith(said, cents, { vote: byField() });
    expect(record).toMatchObject({ object: { a: 100, b: 2 }, combined: true });
  });

  it("agree where they are equal after it, however they were written", async () => {
    const coerced = z.object({ a: z.coerce.number(), b: z.number().default(5), c: z.number() });
    const said = [
      { a: "1.0", c: 1 },
      { a: 1, b: 5, c: 2 },
      { a: 3, b: 7, c: 2 },
    ];
    const record = await solvedWith(said, coerced, { vote: byField() });
    expect(record).toMatchObject({ object: { a: 1, b: 5, c: 2 }, combined: false });
  });

  it("fall back to the elected object where neither form can be put together", async () => {
    const consistent = numbers.refine(({ a, b, c }) => a + b + c !== 6);
    const record = await solvedWith(SAID, consistent, { vote: byField() });
    expect(record).toMatchObject({ object: { a: 1, b: 2, c: 9 }, combined: false, error: null });
  });

  it("are quoted to the model as it wrote them", async () => {
    const priced = z.object({
      total: z
        .string()
        .regex(/ EUR$/)
        .transform((total) => Number(total.replace(" EUR", ""))),
    });
    const model = new ScriptedTools(({ index, messages }) => {
      const isShownNumbers = messages.slice(1).some(({ text }) => /"total":\d/.test(text));
      const args = { total: isShownNumbers ? 5 : `${index % 2} EUR` };
      return new AIMessage({ content: "", tool_calls: [{ name: "extract", args, id: "1" }] });
    });
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 8 } });
    const [record] = await scaled.withStructuredOutput(priced).solve(["Read."]);
    expect(record).toMatchObject({ samples: 8, unparsedSamples: 0 });
    expect(new Set(quotedTo(model))).toEqual(new Set(['{"total":"0 EUR"}', '{"total":"1 EUR"}']));
  });
});

describe("texts that differ in white space alone", () => {
  const code = z.object({ code: z.string() });
  const flat = { code: "if x:\n  y()\nz()" };
  const deep = { code: "if x:\n  y()\n  z()" };

  it.each([
    ["as wholes", wholeObject],
    ["by field", byField()],
  ])("are one answer, in its most frequent spelling: %s", async (_name, vote) => {
    const record = await solvedWith([flat, deep, deep], code, { vote });
    expect(record).toMatchObject({ object: deep, votes: [{ count: 3 }], combined: false });
    expect(record.message?.text).toBe("Call 1.");
    const other = await solvedWith([deep, flat, flat, deep, flat], code, { vote });
    expect(other.object).toEqual(flat);
  });

  it("are put together in the most frequent spelling of each", async () => {
    const pairs = z.object({ a: z.string(), n: z.number() });
    const said = [
      { a: "x  y", n: 1 },
      { a: "x y", n: 2 },
      { a: "x y", n: 3 },
      { a: "z", n: 3 },
    ];
    const record = await solvedWith(said, pairs, { vote: byField() });
    expect(record.object).toEqual({ a: "x y", n: 3 });
  });

  it("are quoted with their white space", async () => {
    const model = saying([flat]);
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 4 } });
    await scaled.withStructuredOutput(code).invoke("Read.");
    expect(quotedTo(model).map((text) => JSON.parse(text) as unknown)).toContainEqual(flat);
  });
});
