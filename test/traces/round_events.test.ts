import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { DynScaling, ROUND_EVENT } from "../../src/index.js";
import type { RoundEvent } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

/** Keeps the events of our rounds, as a callback of the caller would. */
function listener(): {
  events: RoundEvent[];
  callbacks: [{ handleCustomEvent(name: string, data: unknown): void }];
} {
  const events: RoundEvent[] = [];
  const handleCustomEvent = (name: string, data: unknown): void => {
    if (name === ROUND_EVENT) events.push(data as RoundEvent);
  };
  return { events, callbacks: [{ handleCustomEvent }] };
}

/** Says a new answer at every call about "Why?", and else always the same. Ten tokens in, five out. */
const model = new ScriptedModel(({ question, index }) => {
  const usage_metadata = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  return new AIMessage({ content: `\\boxed{${question === "Why?" ? index : 7}}`, usage_metadata });
});

describe("The event of a round", () => {
  it("is named dynscaling:round", () => {
    expect(ROUND_EVENT).toBe("dynscaling:round");
  });

  it("tells a handler of batch() what the round gave to whom, why, and what it has cost so far", async () => {
    const { events, callbacks } = listener();
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 6 }, unitSamples: 4 });
    const messages = await scaled.batch(["How?", "Why?"], { callbacks });
    const { batchId } = messages[0]?.response_metadata.dynscaling ?? {};
    const spent = (usedSamples: number): object => ({
      batchId,
      batch: {
        usedSamples,
        totalSamples: 12,
        usedOutputTokens: 5 * usedSamples,
        totalOutputTokens: null,
        usedCostUsd: null,
        totalCostUsd: null,
      },
    });
    expect(events).toHaveLength(3);
    expect(events[0]).toEqual({
      ...spent(8),
      input: 0,
      round: 0,
      pulls: 4,
      replayedPulls: 0,
      priority: null,
      uncertainty: 0,
      samples: 4,
      votes: [{ answer: "7", count: 4 }],
      inputTokens: 40,
      outputTokens: 20,
    });
    expect(events[1]).toMatchObject({ ...spent(8), input: 1, round: 0, pulls: 4, uncertainty: 0.75 });
    const priority = 0.75 + 0.25 * Math.sqrt(Math.log(8) / 4);
    expect(events[2]).toMatchObject({
      ...spent(12),
      input: 1,
      round: 1,
      pulls: 4,
      samples: 8,
      outputTokens: 40,
    });
    expect(events[2]?.priority).toBeCloseTo(priority);
    expect(events[2]?.votes).toHaveLength(8);
  });

  it("moves a progress bar to its end, in samples or in tokens", async () => {
    const bySamples = listener();
    await new DynScaling({ model, budget: { totalSamples: 23 }, unitSamples: 3 }).batch(["Why?", "How?"], {
      callbacks: bySamples.callbacks,
    });
    const shares = bySamples.events.map(({ batch }) => batch.usedSamples / (batch.totalSamples ?? 0));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(bySamples.events.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(23);

    const byTokens = listener();
    const budget = { totalOutputTokens: 100, maxOutputTokensPerSample: 5 };
    await new DynScaling({ model, budget, unitSamples: 4 }).batch(["Why?", "How?"], {
      callbacks: byTokens.callbacks,
    });
    expect(byTokens.events.at(-1)?.batch).toEqual({
      usedSamples: 20,
      totalSamples: null,
      usedOutputTokens: 100,
      totalOutputTokens: 100,
      usedCostUsd: null,
      totalCostUsd: null,
    });
  });

  it("tells the dollars that the batch has cost, prompts and calls of unknown usage included, and its limit", async () => {
    const prices = { inputUsdPerMillionTokens: 2, outputUsdPerMillionTokens: 10 };
    const each = (10 * 2 + 5 * 10) / 1e6;
    const reporting = listener();
    const budget = { totalSamples: 8, prices };
    const { callbacks } = reporting;
    await new DynScaling({ model, budget, unitSamples: 4 }).batch(["Why?"], { callbacks });
    expect(reporting.events.map(({ batch }) => batch.usedSamples)).toEqual([4, 8]);
    for (const [round, { batch }] of reporting.events.entries()) {
      expect(batch.usedCostUsd).toBeCloseTo(4 * (round + 1) * each, 12);
      expect(batch.totalCostUsd).toBeNull();
    }

    const limited = listener();
    const unknown = new ScriptedModel();
    const limits = { totalCostUsd: 0.01, prices, maxOutputTokensPerSample: 100, totalSamples: 4 };
    await new DynScaling({ model: unknown, budget: limits, unitSamples: 4 }).batch(["Why?"], {
      callbacks: limited.callbacks,
    });
    const { usedCostUsd, totalCostUsd } = limited.events.at(-1)?.batch ?? {};
    expect(totalCostUsd).toBe(0.01);
    expect(usedCostUsd).toBeGreaterThan((4 * 100 * 10) / 1e6);
    expect(usedCostUsd).toBeLessThanOrEqual(0.01);
  });

  it("tells of a question with a shared budget what that question has cost, in tokens and in dollars", async () => {
    const { events, callbacks } = listener();
    const prices = { inputUsdPerMillionTokens: 2, outputUsdPerMillionTokens: 10 };
    const budget = { samplesPerInput: 8, prices, maxOutputTokensPerSample: 5 };
    const shared = new DynScaling({ model, budget }).shared({ totalCostUsd: 1, maxSamplesPerInput: 3 });
    for (const question of ["How?", "Who?"]) await shared.invoke(question, { callbacks });
    const last = events.filter(({ samples }) => samples === 2);
    expect(last).toHaveLength(2);
    for (const { batch } of last) {
      expect(batch.usedOutputTokens).toBe(10);
      expect(batch.usedCostUsd).toBeCloseTo((20 * 2 + 10 * 10) / 1e6, 12);
      expect(batch.totalCostUsd).toBe(1);
    }
  });

  it("counts the place of an input among all that the caller gave, failed ones included", async () => {
    const { events, callbacks } = listener();
    const inputs = [new Error("failed before") as unknown as string, "How?", "Why?"];
    const scaled = new DynScaling({ model, budget: { totalSamples: 4 }, unitSamples: 2 });
    await scaled.batch(inputs, { callbacks }, { returnExceptions: true });
    expect(events.map(({ input }) => input)).toEqual([1, 2]);
  });

  it("says that tokens are unknown where the model does not tell", async () => {
    const { events, callbacks } = listener();
    const silent = new ScriptedModel();
    await new DynScaling({ model: silent, budget: { totalSamples: 4 } }).invoke("Why?", { callbacks });
    expect(events).toMatchObject([{ inputTokens: null, outputTokens: null }]);
  });
});
