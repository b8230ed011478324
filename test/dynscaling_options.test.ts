import { RunnableLambda } from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import { ucb } from "../src/allocators/index.js";
import { DynScaling, OptionError } from "../src/index.js";
import type { Budget, DynScalingFields } from "../src/index.js";
import { integrated } from "../src/samplers/index.js";
import { majorityOf } from "../src/voting/index.js";
import { ScriptedModel } from "./support/scripted_model.js";

const model = new ScriptedModel();

/** The option error that a function throws. */
function refusal(attempt: () => unknown): OptionError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

describe("a wrong option of DynScaling", () => {
  it.each<[string, string, string, object]>([
    ["model", "undefined", "Give a chat model", { model: undefined }],
    ["model", '"gpt-5-mini"', "Give a chat model", { model: "gpt-5-mini" }],
    ["model.cache", '"set"', "without cache", { model: Object.assign(new ScriptedModel(), { cache: {} }) }],
    ["DynScaling.bugdet", "a value that is not shown", "known are model, budget", { bugdet: {} }],
    ["budget.samplesPerInput", "0.5", "at least 1", { budget: { samplesPerInput: 0.5 } }],
    ["budget.samplesPerInput", "NaN", "at least 1", { budget: { samplesPerInput: Number.NaN } }],
    ["budget.samplesPerInput", "Infinity", "at least 1", { budget: { samplesPerInput: Infinity } }],
    ["budget.samplesPerInput", '"8"', "Give a number", { budget: { samplesPerInput: "8" } }],
    ["budget.totalSamples", "2.5", "whole number of at least 1", { budget: { totalSamples: 2.5 } }],
    ["budget.totalSamples", "-1", "whole number of at least 1", { budget: { totalSamples: -1 } }],
    ["budget.totalOutputTokens", "0", "whole number", { budget: { totalOutputTokens: 0 } }],
    ["budget.totalCostUsd", "-1", "US dollars above 0", { budget: { totalCostUsd: -1 } }],
    ["budget.prices", "undefined", "what tokens cost", { budget: { totalCostUsd: 1 } }],
    ["retries.maxRetries", "-1", "whole number of at least 0", { retries: { maxRetries: -1 } }],
    ...(["firstDelayMs", "maxDelayMs", "maxTotalDelayMs"] as const).map(
      (name): [string, string, string, object] => [
        `retries.${name}`,
        "3000000000",
        "to 2147483647",
        { retries: { [name]: 3_000_000_000 } },
      ],
    ),
    ["callTimeoutMs", "0", "whole milliseconds", { callTimeoutMs: 0 }],
    ["onAbort", '"return"', 'Give "throw" or "vote"', { onAbort: "return" as never }],
    ["budget", "null", "Give an object of samplesPerInput", { budget: null }],
    ["budget", "16", "Give an object of samplesPerInput", { budget: 16 }],
    ["budget", "an object with keys (none)", "Set at least one of samplesPerInput", { budget: {} }],
    ["budget.samples", "a value that is not shown", "known are samplesPerInput", { budget: { samples: 8 } }],
    ["unitSamples", "0", "whole number of at least 1", { unitSamples: 0 }],
    ["unitSamples", "2.5", "whole number of at least 1", { unitSamples: 2.5 }],
    ["seed", "0.5", "whole number", { seed: 0.5 }],
    ["seed", '"7"', "whole number", { seed: "7" }],
    ["extractor", '"boxed"', "Give a function", { extractor: "boxed" }],
    ["sampler.plan", "undefined", "Give a function", { sampler: integrated }],
    ["allocator.allocate", "undefined", "Give a function", { allocator: {} }],
    ["uncertainty", "0.5", "Give a function", { uncertainty: 0.5 }],
    ["voting", "an array of 0", "Give a function", { voting: [] }],
  ])("is refused by the constructor: %s as %s", (option, value, fix, fields) => {
    const error = refusal(() => new DynScaling({ model, ...fields } as DynScalingFields));
    expect(error.option).toBe(option);
    expect(error.message).toContain(`${option}: got ${value}.`);
    expect(error.message).toContain(fix);
  });

  it("is refused by the constructor: no options at all", () => {
    expect(refusal(() => new DynScaling(undefined as never)).message).toContain("Give an object of model");
  });

  it.each<[string, () => unknown]>([
    ["ucb.explorationRatio", () => ucb({ explorationRatio: -1 })],
    ["ucb.roundShare", () => ucb({ roundShare: 0 })],
    ["integrated.thoughtLength", () => integrated({ thoughtLength: 0 })],
    ["integrated.length", () => integrated({ length: 4 } as object)],
    ["majorityOf.tie", () => majorityOf({ tie: "first" } as object)],
  ])("is refused by the part that it belongs to: %s", (option, attempt) => {
    expect(refusal(attempt).option).toBe(option);
  });

  it.each<[string, Budget, string]>([
    ["budget.totalSamples", { totalSamples: 2 }, "2. It cannot pay for one sample for each of the 3 inputs"],
    [
      "budget.totalOutputTokens",
      { totalOutputTokens: 299, maxOutputTokensPerSample: 100 },
      "3 x 100 = 300 output tokens",
    ],
  ])(
    "is refused before any call when the batch turns out too large for it: %s",
    async (option, budget, fix) => {
      const asked = new ScriptedModel();
      const scaled = new DynScaling({ model: asked, budget });
      const batch = scaled.batch(["a?", "b?", "c?"]);
      await expect(batch).rejects.toThrow(OptionError);
      await expect(batch).rejects.toMatchObject({ option, message: expect.stringContaining(fix) });
      expect(asked.calls).toHaveLength(0);
      expect(await scaled.batch(["a?"])).toHaveLength(1);
    },
  );
});

describe("a right option of DynScaling", () => {
  it("is any Runnable from chat input to a message, as the model", async () => {
    const echo = RunnableLambda.from(async () => (await model.invoke("")).text).pipe(
      RunnableLambda.from((text: string) => model.invoke(text)),
    );
    const message = await new DynScaling({ model: echo, budget: { totalSamples: 2 } }).invoke("Why?");
    expect(message.text).toBe("\\boxed{1}");
  });

  it("is the model alone: 16 samples per input in units of 8, read by finalAnswer", async () => {
    const asked = new ScriptedModel(({ index }) => `The answer is **${index % 3}**.`);
    const [record] = await new DynScaling({ model: asked }).solve(["a?"]);
    expect(asked.calls).toHaveLength(16);
    expect(record?.rounds.map(({ pulls }) => pulls)).toEqual([8, 8]);
    expect(record?.votes.map(({ answer }) => answer)).toEqual(["0", "1", "2"]);
    // Four thoughts per chain, drawn from the four independent samples of the unit.
    expect(record?.responses[4]?.parents.toSorted()).toEqual([0, 1, 2, 3]);
    expect(record?.responses[12]?.parents.toSorted((a, b) => a - b)).toEqual([8, 9, 10, 11]);
  });

  it("is a fractional average of samples, rounded down over the batch", async () => {
    const asked = new ScriptedModel();
    await new DynScaling({ model: asked, budget: { samplesPerInput: 2.5 } }).batch(["a?", "b?", "c?"]);
    expect(asked.calls).toHaveLength(7);
  });

  it("is several limits at once, of which the first one met stops", async () => {
    const asked = new ScriptedModel();
    const budget = {
      samplesPerInput: 16,
      totalSamples: 9,
      totalOutputTokens: 1000,
      maxOutputTokensPerSample: 200,
    };
    // No usage is reported, so every call is charged its worst case: 5 calls are affordable.
    const [message] = await new DynScaling({ model: asked, budget }).batch(["a?", "b?"]);
    expect(asked.calls).toHaveLength(5);
    expect(message?.response_metadata.dynscaling.stopReason).toBe("outputTokens");
  });
});
