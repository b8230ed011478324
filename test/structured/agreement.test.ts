import { describe, expect, it } from "vitest";
import { z } from "zod";
import { absolute, asSet, byField, byKey, meanOfFields, worstOfFields } from "../../src/structured/index.js";
import { solvedWith } from "./scripted_tools.js";

const sums = z.object({ a: z.number(), b: z.number(), c: z.number() });

/** Each is right in two fields of three. */
const SAID = [
  { a: 1, b: 2, c: 9 },
  { a: 1, b: 8, c: 3 },
  { a: 7, b: 2, c: 3 },
];

describe("the agreement of an object that is voted on by field", () => {
  it("is the lowest of its fields, whether or not a response gave it as a whole", async () => {
    const review = { review: { agreementBelow: 0.6 } };
    const made = await solvedWith(SAID, sums, { vote: byField() }, review);
    expect(made).toMatchObject({ combined: true, agreement: 2 / 3, review: null });
    const given = await solvedWith([...SAID, { a: 1, b: 2, c: 3 }], sums, { vote: byField() }, review);
    expect(given).toMatchObject({ combined: false, agreement: 3 / 4, review: null });
    expect(given.message?.response_metadata.dynscaling.agreement).toBe(3 / 4);
  });

  it("counts what lies within the tolerance as the same", async () => {
    const said = [100, 100.01, 99.99, 100.005, 99.995].map((total) => ({ total }));
    const vote = byField({ tolerance: absolute(0.05) });
    const record = await solvedWith(said, z.object({ total: z.number() }), {
      vote,
      uncertainty: worstOfFields(["total"]),
    });
    expect(record).toMatchObject({ object: { total: 100 }, agreement: 1, uncertainty: 0 });
  });

  it("is by the same rules where the schema refuses what was put together", async () => {
    const consistent = z
      .object({ n: z.number(), a: z.number(), b: z.number(), tags: z.array(z.string()) })
      .refine(({ a, b }) => a + b !== 3);
    const said = [
      { n: 1, a: 1, b: 8, tags: ["x", "y"] },
      { n: 1.01, a: 7, b: 2, tags: ["y", "x"] },
      { n: 1.02, a: 1, b: 9, tags: ["x", "y"] },
      { n: 1.03, a: 6, b: 2, tags: ["x", "y"] },
    ];
    const vote = byField({ tolerance: absolute(0.05), arrays: asSet });
    const record = await solvedWith(said, consistent, { vote });
    expect(record).toMatchObject({ object: said[0], combined: false, agreement: 1 / 4 });
    const agreementOf = (path: string): number | undefined =>
      record.fields.find((field) => field.path === path)?.agreement;
    expect([agreementOf("n"), agreementOf("a"), agreementOf("b"), agreementOf("tags[]")]).toEqual([
      1,
      1 / 2,
      1 / 4,
      1,
    ]);
  });

  it("is full for objects that have nothing to differ in, and found for any number of fields", async () => {
    const anything = z.record(z.string(), z.number());
    expect((await solvedWith([{}, {}], anything, { vote: byField() })).agreement).toBe(1);
    const wide = (value: number): object =>
      Object.fromEntries(Array.from({ length: 130_000 }, (_, field) => [`k${field}`, value]));
    const record = await solvedWith([wide(1), wide(2)], anything, { vote: byField() });
    expect(record).toMatchObject({ agreement: 1 / 2, error: null });
  });
});

describe("the uncertainty of a field", () => {
  const said = (...prices: number[][]): string[] =>
    prices.map((own) => JSON.stringify({ lines: own.map((price, at) => ({ sku: `S${at}`, price })) }));
  const answers = [...said([1, 2], [1.01, 2]), '{"lines":[{"price":2,"sku":"S1"},{"price":1,"sku":"S0"}]}'];

  it.each([
    ["equal values", {}, 2 / 3],
    ["a tolerance", { tolerance: absolute(0.05) }, 1 / 3],
    ["a key", { fields: { lines: { arrays: byKey("sku") } } }, 1 / 3],
    ["a key and a tolerance", { tolerance: absolute(0.05), fields: { lines: { arrays: byKey("sku") } } }, 0],
    ["sets", { arrays: asSet }, 1 / 3],
  ])("goes by what the vote counts as the same: %s", (_name, rules, uncertainty) => {
    const { rulesAt } = byField(rules);
    expect(rulesAt && worstOfFields(["lines.price"]).under(rulesAt)(answers)).toBeCloseTo(uncertainty, 12);
  });

  it("goes by it for whole lists too, and by equality without a vote", () => {
    const lists = ['{"tags":["x","y"]}', '{"tags":["y","x"]}', null];
    expect(meanOfFields(["tags"])(lists)).toBeCloseTo(2 / 3, 12);
    const { rulesAt } = byField({ arrays: asSet });
    expect(rulesAt && meanOfFields(["tags"]).under(rulesAt)(lists)).toBeCloseTo(1 / 3, 12);
  });
});

describe("a tie goes to what the object has that most gave as a whole", () => {
  it.each([
    ["an element of a set", asSet, [["a"], ["a"], ["b"], []], ["a"]],
    ["all elements of a set", asSet, [["a", "b"], ["b", "a"], ["c"], []], ["a", "b"]],
    ["no element, where none was given most", asSet, [["a"], [], ["b", "a"], []], []],
  ])("%s", async (_name, arrays, lists, made) => {
    const said = lists.map((l) => ({ l }));
    const record = await solvedWith(said, z.object({ l: z.array(z.string()) }), {
      vote: byField({ arrays }),
    });
    expect(record.object).toEqual({ l: made });
  });

  it("an element that has a key", async () => {
    const lines = z.object({ l: z.array(z.object({ s: z.string(), p: z.number() })) });
    const said = [[{ s: "A", p: 1 }], [{ s: "A", p: 1 }], [], [{ s: "B", p: 2 }]].map((l) => ({ l }));
    const record = await solvedWith(said, lines, { vote: byField({ arrays: byKey("s") }) });
    expect(record.object).toEqual({ l: [{ s: "A", p: 1 }] });
  });
});
