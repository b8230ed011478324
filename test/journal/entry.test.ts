import { AIMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readReply } from "../../src/langchain/replies.js";
import {
  decodeEntry,
  encodeEntry,
  restoreResponse,
  storeResponse,
} from "../../src/langchain/journal_entry.js";
import type { JournalEntry } from "../../src/langchain/journal_entry.js";

const RUNS = Number(process.env["JOURNAL_FUZZ_RUNS"] ?? 400);

const said = new AIMessage({
  content: [{ type: "text", text: "It is 5. \ud83d\ude00" }],
  tool_calls: [{ name: "f", args: { a: 1 }, id: "1" }],
  usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  response_metadata: { finish_reason: "stop" },
});
const asked = { v: 1 as const, request: "abc", stage: "parallel" as const, purpose: "answer" as const };
const entries: JournalEntry[] = [
  { ...asked, responses: [storeResponse(said)] },
  { ...asked, unit: { place: 1, pulls: 8 }, responses: [storeResponse(said)] },
  { ...asked, responses: [], failure: { kind: "timeout", isUnbilled: false } },
];

/** What a journal makes of some bytes: a refusal that names the key, or an entry that can be read to its end. */
function readOrRefused(bytes: Uint8Array): "read" | "refused" {
  let entry: JournalEntry;
  try {
    entry = decodeEntry("the-key", bytes);
  } catch (error) {
    if (!/holds no readable entry under the-key; delete it there/.test(String(error))) throw error;
    return "refused";
  }
  expect(entry.responses.length > 0).toBe(entry.failure === undefined);
  for (const stored of entry.responses)
    expect(typeof readReply(restoreResponse(stored), {}).text).toBe("string");
  return "read";
}

describe("an entry of a journal", () => {
  it.each(entries)("comes back as it was kept: %#", (entry) => {
    expect(decodeEntry("k", encodeEntry(entry))).toEqual(JSON.parse(JSON.stringify(entry)));
  });

  it("of a call that failed is known as one, also if it does not say why", () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...asked, responses: [] }));
    expect(decodeEntry("k", bytes).failure).toEqual({ kind: "other", isUnbilled: false });
  });

  it.each([{ place: -1, pulls: 8 }, { place: 0, pulls: 0 }, { pulls: 8 }, null, 3])(
    "with the unit %j is refused",
    (unit) => {
      const bytes = new TextEncoder().encode(
        JSON.stringify({ ...asked, unit, responses: [storeResponse(said)] }),
      );
      expect(readOrRefused(bytes)).toBe("refused");
    },
  );

  it("is read to its end or refused by its key, whatever bytes stand there", () => {
    const outcomes = { read: 0, refused: 0 };
    const changed = fc
      .record({
        entry: fc.constantFrom(...entries),
        at: fc.nat(400),
        cut: fc.nat(6),
        put: fc.oneof(
          fc.uint8Array({ maxLength: 3 }),
          fc.string().map((text) => new TextEncoder().encode(text)),
        ),
      })
      .map(({ entry, at, cut, put }) => {
        const whole = encodeEntry(entry);
        return Uint8Array.from([...whole.slice(0, at), ...put, ...whole.slice(at + cut)]);
      });
    const built = fc
      .record({
        v: fc.constantFrom<unknown>(1, 1, 1, 2, null),
        request: fc.oneof(fc.string(), fc.jsonValue()),
        responses: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({
              content: fc.jsonValue(),
              tool_calls: fc.jsonValue(),
              usage_metadata: fc.jsonValue(),
            }),
          ),
          fc.array(
            fc.record({ content: fc.string(), response_metadata: fc.jsonValue(), id: fc.jsonValue() }),
          ),
        ),
        failure: fc.option(fc.jsonValue(), { nil: undefined }),
      })
      .map((entry) => new TextEncoder().encode(JSON.stringify(entry)));
    fc.assert(
      fc.property(fc.oneof(changed, built, fc.uint8Array()), (bytes) => {
        outcomes[readOrRefused(bytes)] += 1;
      }),
      { seed: 73, numRuns: 3 * RUNS },
    );
    expect(outcomes.read).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(20);
  });
});
