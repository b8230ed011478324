import { afterEach, describe, expect, it } from "vitest";
import { boxed } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields, DynScalingMetadata, InputRecord } from "../../src/index.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelReply, ProtocolServer, Respond } from "../support/protocol_server.js";
import { openAIClient, question } from "./clients.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

async function start(respond: Respond): Promise<ProtocolServer> {
  server = await serveOpenAI(respond);
  return server;
}

function recordOf({ response_metadata }: { response_metadata: Record<string, unknown> }): DynScalingMetadata {
  return response_metadata["dynscaling"] as DynScalingMetadata;
}

/** The record of one question with a unit of 8 samples, of which the second gets another reply. */
async function withOneOddReply(
  odd: ModelReply,
  fields: Partial<DynScalingFields> = {},
): Promise<InputRecord> {
  const running = await start(({ index }) => (index === 1 ? odd : `Try ${index}: \\boxed{1}`));
  const parts = { budget: { totalSamples: 8 }, retries: { maxRetries: 0 } };
  const scaled = new DynScaling({ model: openAIClient(running), ...parts, ...fields });
  const [record] = await scaled.solve(["Why?"]);
  const isBack = record?.responses[1]?.error !== undefined && record.responses[1].message === undefined;
  expect(running.requests).toHaveLength(isBack ? 9 : 8);
  expect(running.refusals).toEqual([]);
  return record as InputRecord;
}

/** Texts that the chains of the conditioned samples quote. */
function quoted({ responses }: InputRecord): string[] {
  return responses.flatMap(({ parents }) => parents.map((parent) => responses[parent]?.text ?? "?"));
}

describe("a response of OpenAI that is no plain answer", () => {
  it("that the limit cut off after its answer votes, but no chain quotes it", async () => {
    const record = await withOneOddReply({ text: "Cut \\boxed{1}", finishReason: "length" });
    expect(record.votes).toEqual([{ answer: "1", count: 8 }]);
    expect(record.responses[1]).toMatchObject({ text: "Cut \\boxed{1}", truncated: true });
    expect(quoted(record)).not.toContain("Cut \\boxed{1}");
    const chains = server?.requests.slice(4).flatMap(({ turns }) => turns.map(({ text }) => text));
    expect(chains?.join()).toContain("Try ");
    expect(chains?.join()).not.toContain("Cut ");
  });

  it("that the limit cut off before its answer is unreadable, not failed", async () => {
    const cut: ModelReply = { text: "Let us see. First we", finishReason: "length" };
    const record = await withOneOddReply(cut, { extractor: boxed });
    expect(record).toMatchObject({ unparsedSamples: 1, failedSamples: 0, votes: [{ count: 7 }] });
  });

  it.each([
    ["spent its limit on reasoning", { text: "", finishReason: "length" }, "length"],
    ["was withheld by the content filter", { text: "", finishReason: "content_filter" }, "content_filter"],
    ["is a refusal", { text: "", refusal: "I cannot say." }, "stop"],
  ] satisfies [string, ModelReply, string][])(
    "that %s failed, and its tokens are paid for",
    async (_what, reply, finishReason) => {
      const record = await withOneOddReply({ ...reply, usage: { input: 10, output: 0, thoughts: 90 } });
      expect(record).toMatchObject({ failedSamples: 1, unparsedSamples: 0, votes: [{ count: 7 }] });
      expect(record.responses[1]?.error?.message).toContain(`finish reason "${finishReason}"`);
      expect(record.responses[1]?.usage).toMatchObject({ inputTokens: 10, outputTokens: 90 });
      expect(record.outputTokens).toBe(7 * 5 + 90);
      expect(quoted(record)).not.toContain("");
    },
  );

  it.each([
    ["500", { text: "out of order", status: 500 }, "out of order"],
    ["503", { text: "overloaded", status: 503 }, "overloaded"],
    ["400", { text: "bad words", status: 400 }, "bad words"],
    ["a broken connection", { text: "", broken: true }, "Connection error."],
  ] satisfies [string, ModelReply, string][])(
    "that came to nothing with %s failed, and gives its sample back",
    async (_what, reply, message) => {
      const record = await withOneOddReply(reply);
      expect(record).toMatchObject({ samples: 9, failedSamples: 1, outputTokens: 40, inputTokens: 80 });
      expect(record.budget.spent.samples).toBe(8);
      expect(record.responses[1]?.error?.message).toContain(message);
      expect(record.responses[1]?.usage).toEqual({});
    },
  );

  it("that generated no token at all cost none, not the worst case", async () => {
    const running = await start(() => ({
      text: "",
      finishReason: "content_filter",
      usage: { input: 10, output: 0 },
    }));
    const model = openAIClient(running, { maxTokens: 50 });
    const scaled = new DynScaling({ model, budget: { totalOutputTokens: 400 } });
    const [record] = await scaled.solve(["Why?"]);
    expect(record).toMatchObject({ failedSamples: 4, outputTokens: 0, stopReason: "closed" });
  });

  it("that does not tell its usage leaves that unknown, and the sums to those that do", async () => {
    const record = await withOneOddReply({ text: "\\boxed{1}", usage: null });
    expect(record).toMatchObject({ failedSamples: 0, votes: [{ count: 8 }], outputTokens: 35 });
    expect(record.responses[1]?.usage).toEqual({});
  });

  it("that does not tell its usage is charged its worst case to a budget of tokens", async () => {
    const running = await start(() => ({ text: "\\boxed{1}", usage: null }));
    const model = openAIClient(running, { maxTokens: 50 });
    const scaled = new DynScaling({ model, budget: { totalOutputTokens: 400 } });
    const message = await scaled.invoke("Why?");
    expect(running.requests).toHaveLength(8);
    expect(recordOf(message)).toMatchObject({ outputTokens: null, stopReason: "outputTokens" });
    expect(message.usage_metadata).toBeUndefined();
  });
});

describe("OpenAI's rate limit", () => {
  const limited: ModelReply = { status: 429, text: "Rate limit reached for requests." };

  it("with a time to wait is waited for by the client, and no sample is lost", async () => {
    const running = await start(({ index }) =>
      index === 1 ? { ...limited, headers: { "retry-after": "1" } } : "\\boxed{1}",
    );
    const model = openAIClient(running, { maxRetries: 2 });
    const scaled = new DynScaling({ model, budget: { totalSamples: 4 } });
    const message = await scaled.invoke("Why?");
    expect(running.requests).toHaveLength(5);
    expect(recordOf(message)).toMatchObject({ samples: 4, failedSamples: 0, outputTokens: 20 });
  });

  it("without a time to wait is not repeated by the client, but by us, and no sample is lost", async () => {
    const running = await start(({ index }) => (index === 1 ? limited : "\\boxed{1}"));
    const model = openAIClient(running, { maxRetries: 2 });
    const retries = { firstDelayMs: 1 };
    const scaled = new DynScaling({ model, budget: { totalSamples: 8 }, retries });
    const message = await scaled.invoke("Why?");
    expect(running.requests).toHaveLength(9);
    expect(recordOf(message)).toMatchObject({ samples: 8, failedSamples: 0, votes: [{ count: 8 }] });
  });

  it("on every request of one input leaves the rest of the batch its answers", async () => {
    const running = await start((request) => (question(request) === "How?" ? limited : "\\boxed{1}"));
    const parts = { budget: { samplesPerInput: 8 }, retries: { maxRetries: 0, firstDelayMs: 1 } };
    const scaled = new DynScaling({ model: openAIClient(running), ...parts });
    const results = await scaled.batch(["Why?", "How?", "When?"], {}, { returnExceptions: true });
    expect(results[1]).toBeInstanceOf(Error);
    expect((results[1] as Error).message).toContain("Rate limit reached");
    expect(results.map((result) => (result instanceof Error ? null : result.text))).toEqual([
      "\\boxed{1}",
      null,
      "\\boxed{1}",
    ]);
    expect(running.requests).toHaveLength(28);
    expect(running.requests.filter((request) => question(request) === "How?")).toHaveLength(4);
  });

  it("for want of money is not tried again, and says so", async () => {
    const running = await start(() => ({
      ...limited,
      text: "You exceeded your current quota, please check your plan and billing details.",
      code: "insufficient_quota",
      headers: { "retry-after": "1" },
    }));
    const model = openAIClient(running, { maxRetries: 2 });
    const scaled = new DynScaling({ model, budget: { totalSamples: 8 } });
    const [result] = await scaled.batch(["Why?"], {}, { returnExceptions: true });
    expect((result as Error).name).toBe("InsufficientQuotaError");
    expect((result as Error).message).toContain("exceeded your current quota");
    expect(running.requests.length).toBeLessThanOrEqual(4);
  });
});
