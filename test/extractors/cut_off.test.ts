import { AIMessage } from "@langchain/core/messages";
import { InMemoryStore } from "@langchain/core/stores";
import { afterEach, describe, expect, it } from "vitest";
import { boxed, choice, finalAnswer, lastNumber, oneOf, pattern } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import type { AnswerExtractor, InputRecord } from "../../src/index.js";
import { StreamingCollector } from "../failures/schedule.js";
import { serveFaults } from "../support/faulty_server.js";
import type { FaultyServer } from "../support/faulty_server.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { openAIClient } from "../wire/clients.js";

let server: FaultyServer | undefined;
afterEach(() => server?.close());

const length = { finish_reason: "length" };

async function recordOf(text: string, extractor: AnswerExtractor, metadata: object): Promise<InputRecord> {
  const model = new ScriptedModel(() => new AIMessage({ content: text, response_metadata: metadata }));
  const scaled = new DynScaling({ model, extractor, budget: { totalSamples: 1 } });
  return (await scaled.solve(["17*23?"]))[0] as InputRecord;
}

describe("a response that was cut off", () => {
  it.each<[string, AnswerExtractor]>([
    ["lastNumber", lastNumber],
    ["pattern", pattern(/(\d+)/)],
    ["oneOf", oneOf(["20", "340"])],
    ["choice", choice],
    ["one's own of the text alone", (text) => text.trim()],
    ["the default", finalAnswer],
  ])("has no answer in its last words: %s", async (_name, extractor) => {
    const record = await recordOf("First, 17 times 20 is 340. Then 17 times\nB", extractor, length);
    expect(record).toMatchObject({ answer: null, votes: [], unparsedSamples: 1, failedSamples: 0 });
    const whole = await recordOf("The answer is 20\nB", extractor, { finish_reason: "stop" });
    expect(whole.answer).not.toBeNull();
  });

  it("says why, where the extractor could not know", async () => {
    const { responses } = await recordOf("Then 17 times 3", lastNumber, length);
    expect(responses[0]).toMatchObject({
      truncated: true,
      unparsed: expect.stringContaining('cut off (finish reason "length")') as unknown,
    });
  });

  it.each<[string, string, AnswerExtractor, string | null]>([
    ["a box", "So \\boxed{391}, becau", finalAnswer, "391"],
    ["a box", "So \\boxed{391}, becau", boxed, "391"],
    ["a box", "So \\boxed{B}, becau", choice, "B"],
    ["a whole line", "The answer is 391.\nBecau", finalAnswer, "391"],
    ["a whole line", "The answer is B.\nBecau", choice, "B"],
    ["half a line", "5 times 25, so the answer is 12", finalAnswer, null],
    ["half a line", "So the answer is B", choice, null],
    [
      "what one's own makes of the message",
      "17 times 3",
      (text, message) => `${message.text}|${text}`,
      "17 times 3|17 times 3",
    ],
  ])("may have one in %s: %j", async (_what, text, extractor, answer) => {
    expect((await recordOf(text, extractor, length)).answer).toBe(answer);
  });

  it.each([
    "length",
    "max_tokens",
    "MAX_TOKENS",
    "content_filter",
    "refusal",
    "guardrail_intervened",
    "pause_turn",
    "model_context_window_exceeded",
    "SAFETY",
    "OTHER",
    "LANGUAGE",
    "IMAGE_SAFETY",
  ])("is known by the stop reason %s", async (stop_reason) => {
    const { responses } = await recordOf("I can not", finalAnswer, { stop_reason });
    expect(responses[0]).toMatchObject({ truncated: true, answer: null });
  });

  it.each(["stop", "end_turn", "STOP", "tool_use", "stop_sequence"])(
    "is not known by %s",
    async (stop_reason) => {
      const { responses } = await recordOf("I can", finalAnswer, { stop_reason });
      expect(responses[0]).toMatchObject({ truncated: false, answer: "I can" });
    },
  );
});

describe("a stream that breaks off between two events", () => {
  it("never votes, is never quoted, and is known for what it is in a journal too", async () => {
    // Four samples of each unit are independent: three of them break off.
    server = await serveFaults((index) => (index < 3 ? "truncated SSE" : null));
    const journal = new InMemoryStore<Uint8Array>();
    const extractor: AnswerExtractor = (text, message) => finalAnswer(text, message);
    const scaled = new DynScaling({
      model: openAIClient(server),
      journal,
      extractor,
      budget: { totalSamples: 8 },
    });
    for (let start = 0; start < 2; start++) {
      const [record] = await scaled.solve(["q0"], { callbacks: [new StreamingCollector()] });
      const broken = record?.responses.filter(({ truncated }) => truncated) ?? [];
      expect(broken).toHaveLength(3);
      expect(broken.map(({ answer }) => answer)).toEqual([null, null, null]);
      expect(record?.votes.reduce((sum, { count }) => sum + count, 0)).toBe(5);
      const quoted = new Set(record?.responses.flatMap(({ parents }) => parents));
      expect(broken.filter(({ index }) => quoted.has(index))).toEqual([]);
      expect(quoted.size).toBe(1);
    }
    expect(server.requests()).toBe(8);
  });
});
