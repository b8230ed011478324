import { AIMessage } from "@langchain/core/messages";
import { afterEach, describe, expect, it } from "vitest";
import { DynScaling, OptionError } from "../../src/index.js";
import type { DynScalingFields, Grouping } from "../../src/index.js";
import { byModel, mostConsistent } from "../../src/meaning/index.js";
import { independent } from "../../src/samplers/index.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelRequest, ProtocolServer } from "../support/protocol_server.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { openAIClient } from "../wire/clients.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

/** A dollar a token, of prompts too. */
const prices = { inputUsdPerMillionTokens: 1e6, outputUsdPerMillionTokens: 1e6 };

function isGrouping({ turns }: ModelRequest): boolean {
  return turns[0]?.text.startsWith("You compare responses") === true;
}

/** A token for each byte: the most that any tokenizer makes. */
function bytesOf({ turns }: ModelRequest): number {
  return turns.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

function scaledOf(model: DynScalingFields["model"], fields: Partial<DynScalingFields>): DynScaling {
  return new DynScaling({ model, sampler: independent(), unitSamples: 2, ...fields });
}

describe("a budget in dollars", () => {
  it.each([3200, 4000, 5500, 9000, 20_000])(
    "of %i holds what the groupings read, though every text and every prompt is as long as it can be",
    async (totalCostUsd) => {
      let asked = 0;
      server = await serveOpenAI((request) => {
        const text = isGrouping(request) ? '{"groups": [[1]]}' : `${asked++} ${"ü".repeat(20)}`;
        const output = isGrouping(request) ? 40 : 50;
        return { text, usage: { input: bytesOf(request), output } };
      });
      const model = openAIClient(server, { maxTokens: 50 });
      const grouping = byModel({ model: openAIClient(server, { maxTokens: 40 }) });
      const records = await scaledOf(model, { budget: { totalCostUsd, prices }, grouping }).solve(["a", "b"]);
      const spent = server.requests.reduce(
        (sum, request) => sum + bytesOf(request) + (isGrouping(request) ? 40 : 50),
        0,
      );
      expect(spent).toBeLessThanOrEqual(totalCostUsd);
      expect(records[0]?.budget.spent.costUsd).toBe(spent);
      expect(records[0]?.budget.reserved).toMatchObject({ inputTokens: 0, outputTokens: 0, costUsd: 0 });
      for (const { grouping: record } of records)
        expect(record).toMatchObject({ failedCalls: 0, calls: expect.any(Number) });
      expect(server.requests.filter(isGrouping).length).toBeGreaterThanOrEqual(2);
    },
  );

  it("that does not hold a grouping for each input is refused before anything is spent", async () => {
    const model = new ScriptedModel(() => "text");
    const grouping = byModel({ model, maxOutputTokens: 40 });
    const budget = { totalCostUsd: 1000, prices, maxOutputTokensPerSample: 50 };
    await expect(scaledOf(model, { budget, grouping }).batch(["a", "b"])).rejects.toThrow(
      /^budget\.totalCostUsd: got 1000\. It does not hold one call and one grouping for each of the 2 inputs/,
    );
    expect(model.calls).toEqual([]);
  });

  it("needs to know what a grouping can take", () => {
    const model = new ScriptedModel(() => "text");
    const budget = { totalCostUsd: 1000, prices, maxOutputTokensPerSample: 50 };
    const own: Grouping = { name: "own", maxOutputTokens: 10, group: async () => ({ standsFor: null }) };
    expect(() => scaledOf(model, { budget, grouping: byModel({ model }) })).toThrow(
      /^grouping\.maxOutputTokens/,
    );
    expect(() => scaledOf(model, { budget, grouping: own })).toThrow(/^grouping\.mostInputTokens/);
    expect(() => scaledOf(model, { budget, grouping: own })).toThrow(OptionError);
    expect(() => scaledOf(model, { budget, grouping: { ...own, maxOutputTokens: 0 } })).not.toThrow();
  });

  it("leaves a grouping out that it does not hold, and the record says so", async () => {
    const said = (text: string): AIMessage =>
      new AIMessage({
        content: text,
        usage_metadata: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      });
    // Longer than its output limit allows: a token of many bytes.
    const model = new ScriptedModel(({ index }) => said(`${index} ${"long ".repeat(500)}`));
    const judge = new ScriptedModel(() => said('{"groups": [[1]]}'));
    const budget = { totalCostUsd: 1800, prices, maxOutputTokensPerSample: 50 };
    const grouping = byModel({ model: judge, maxOutputTokens: 40 });
    const [record] = await scaledOf(model, { budget, grouping }).solve(["a"]);
    expect(judge.calls).toEqual([]);
    expect(record?.grouping).toMatchObject({ calls: 0, error: expect.stringContaining("does not hold") });
    expect(record?.message).not.toBeNull();
  });
});

describe("what universal self-consistency picked", () => {
  const TEXTS = ["one", "two", "two", "three", "two", "two"];

  it("is put to the vote again where a later pick failed", async () => {
    const model = new ScriptedModel(({ index }) => TEXTS[index % 6] as string);
    const judge = new ScriptedModel(({ index }) =>
      index === 0 ? '{"most_consistent": 1, "agreeing": []}' : "I cannot say.",
    );
    const fields = { budget: { samplesPerInput: 6 }, grouping: mostConsistent({ model: judge }) };
    const [record] = await scaledOf(model, fields).solve(["Which?"]);
    expect(record).toMatchObject({ answer: "two", agreement: 4 / 6 });
    expect(record?.grouping).toMatchObject({ calls: 2, failedCalls: 1 });
  });

  it("is picked anew where more responses gave what was said before", async () => {
    const model = new ScriptedModel(({ index }) => (index === 0 ? "one" : "two"));
    const judge = new ScriptedModel(({ index }) =>
      JSON.stringify({ most_consistent: index === 0 ? 1 : 2, agreeing: [] }),
    );
    const fields = { budget: { samplesPerInput: 6 }, grouping: mostConsistent({ model: judge }) };
    const [record] = await scaledOf(model, fields).solve(["Which?"]);
    expect(judge.calls).toHaveLength(3);
    expect(record).toMatchObject({ answer: "two", agreement: 5 / 6 });
  });
});

describe("calls of a grouping", () => {
  const retries = { maxRetries: 2, firstDelayMs: 1, maxDelayMs: 1 };
  const model = (): ScriptedModel => new ScriptedModel(({ index }) => `text ${index}`);

  it("end at the time limit of calls", async () => {
    const judge = new ScriptedModel(() => new Promise<string>(() => {}));
    const fields = { budget: { samplesPerInput: 2 }, callTimeoutMs: 20, retries: { maxRetries: 0 } };
    const [record] = await scaledOf(model(), { ...fields, grouping: byModel({ model: judge }) }).solve(["?"]);
    expect(record?.grouping).toMatchObject({ failedCalls: 1, error: expect.stringContaining("20 ms") });
    expect(judge.calls[0]?.signal?.aborted).toBe(true);
  });

  it("are repeated where they fail in passing, and cost nothing then", async () => {
    const usage_metadata = { input_tokens: 5, output_tokens: 5, total_tokens: 10 };
    const judge = new ScriptedModel(({ index }) =>
      index < 2
        ? Object.assign(new Error("Slow down."), { status: 500 })
        : new AIMessage({ content: '{"groups": [[1, 2]]}', usage_metadata }),
    );
    const grouping = byModel({ model: judge, maxOutputTokens: 100 });
    const budget = { totalOutputTokens: 1000, samplesPerInput: 2, maxOutputTokensPerSample: 10 };
    const [record] = await scaledOf(model(), { budget, retries, grouping }).solve(["?"]);
    expect(record?.grouping).toMatchObject({ calls: 1, failedCalls: 0, outputTokens: 5 });
    expect(record?.votes).toEqual([{ answer: "text 0", count: 2 }]);
    expect(record?.budget.spent.outputTokens).toBe(2 * 10 + 5);
  });
});
