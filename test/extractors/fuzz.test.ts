import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreadableAnswer } from "../../src/core/errors.js";
import * as extractors from "../../src/extractors/index.js";

/** `EXTRACTOR_FUZZ_RUNS=5000 npx vitest run test/extractors/fuzz.test.ts` is the long form. */
const RUNS = Number(process.env["EXTRACTOR_FUZZ_RUNS"] ?? 250);
const MEGABYTE = 1_000_000;

type Reader = (text: string, message: object) => string | null;

const { json, oneOf, pattern, someOf, toolCalls, ...plain } = extractors;
const LABELS = ["__proto__", "constructor", "yes", "not yes", "5", "(a+)+$", "é"];
const readers: Record<string, Reader> = {
  ...(plain as Record<string, Reader>),
  json: json("answer"),
  "json of a prototype's name": json("__proto__"),
  oneOf: oneOf(LABELS),
  someOf: someOf(LABELS),
  pattern: pattern(/answer is (.*)/gi),
  toolCalls: toolCalls(),
  "toolCalls in sequence": toolCalls({ parallel: "sequence", exclude: ["constructor", "f.__proto__"] }),
};

const PIECES = [
  "\\boxed{",
  "\\frac{",
  "\\sqrt",
  "^{",
  "}",
  "{",
  "[",
  "]",
  "(",
  ")",
  '"',
  "\\",
  "`",
  "```json\n",
  "$$",
].concat(
  ["answer is ", "Answer: ", "option ", "not ", "yes", "call f(", "1,234", "0.50", "1e9", "9^", "/", ", "],
  ["__proto__", "constructor", "toString", "hasOwnProperty", '{"__proto__": ', '{"answer": ', "prototype"],
  ["(a+)+$", "a?a?a?aaa", "(x|x)*y", "\n", " ", "\u2028", "\u202e", "\ufeff", "\u0000", "{{x}}", "${x}"],
  ["\ud83d", "\ude00", "\ud800\ud800", "é", "e\u0301", "９", "عربي", "😀"],
);

/** Texts in which anything stands beside, around or behind anything, again and again. */
const { text } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    fc.constantFrom(...PIECES),
    fc.string({ unit: "binary" }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.array(tie("text"), { maxLength: 6 }).map((all) => all.join("")),
    fc.tuple(tie("text"), fc.integer({ min: 2, max: 300 })).map(([part, times]) => cut(part, times)),
    fc
      .tuple(fc.constantFrom(...PIECES), tie("text"), fc.constantFrom(...PIECES), fc.nat(300))
      .map(([open, inner, close, depth]) => cut(open, depth) + inner + cut(close, depth)),
  ),
}));

function cut(part: string, times: number): string {
  return part.repeat(Math.min(times, Math.ceil(20_000 / Math.max(1, part.length))));
}

const key = fc.oneof(fc.constantFrom("__proto__", "constructor", "a", "1"), fc.string());
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, -0, 1e308, "x", "\ud83d", undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const message = fc.record(
  {
    tool_calls: fc.array(fc.record({ name: fc.oneof(key, fc.constant("f")), args: value }), { maxLength: 3 }),
    invalid_tool_calls: fc.array(fc.record({ name: key, args: fc.string() }), { maxLength: 1 }),
    response_metadata: fc.dictionary(
      fc.constantFrom("finish_reason", "stop_reason", "incomplete_details"),
      fc.oneof(fc.constantFrom<unknown>("length", "stop", null, 5), value),
    ),
  },
  { requiredKeys: [] },
);

/** What a reader may do: an answer that is not blank, none, or to say why there is none. */
function readTwice(read: Reader, given: string, said: object): void {
  const once = outcome(read, given, said);
  expect(outcome(read, given, said)).toEqual(once);
  expect(typeof once !== "string" || once.trim() !== "").toBe(true);
}

function outcome(read: Reader, given: string, said: object): unknown {
  try {
    return read(given, said);
  } catch (error) {
    if (!(error instanceof UnreadableAnswer)) throw error;
    return { unreadable: error.message };
  }
}

describe.each(Object.entries(readers))("%s", (_name, read) => {
  it("reads an answer or none, twice the same, and never fails, whatever it is given", () => {
    const own = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(text, message, (given, said) => readTwice(read, given, said)),
      { seed: 71, numRuns: RUNS },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(own);
  });

  it("comes to an end on a megabyte of anything, and of anything inside anything", () => {
    const filled = (part: string): string => part.repeat(Math.ceil(MEGABYTE / Math.max(1, part.length)));
    const megabyte = fc.oneof(
      text.map(filled),
      fc
        .tuple(fc.constantFrom(...PIECES), text, fc.constantFrom(...PIECES))
        .map(([open, inner, close]) => filled(open) + inner + filled(close)),
    );
    fc.assert(
      fc.property(megabyte, (given) => readTwice(read, given, {})),
      { seed: 72, numRuns: Math.ceil(RUNS / 50) },
    );
  });
});

it("every extractor of the family is among them", () => {
  const missing = Object.keys(extractors).filter((name) => !(name in readers));
  expect(missing).toEqual([]);
});

it.each(["[", '{"a":'])("arguments of a tool nested a hundred thousand deep in %s are no answer", (open) => {
  const close = open === "[" ? "]" : "}";
  const args = JSON.parse(`${open.repeat(100_000)}1${close.repeat(100_000)}`) as unknown;
  for (const read of [toolCalls(), extractors.finalAnswer as Reader]) {
    expect(outcome(read as Reader, "", { tool_calls: [{ name: "f", args }] })).toBeNull();
  }
});
