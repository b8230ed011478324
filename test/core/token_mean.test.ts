import { describe, expect, it } from "vitest";
import { voteIndex } from "../../src/allocators/vote_index.js";
import { selfConsistency } from "../../src/baselines/index.js";
import { openAccount } from "../../src/core/account.js";
import { TokenMean } from "../../src/core/token_mean.js";
import { replay } from "../../src/evaluation/index.js";

const PRICES = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 1 };
const PER_SAMPLE = { maxOutputTokensPerSample: 10 };

describe("the mean of output tokens that allocators see", () => {
  it.each([
    ["samples alone", { samplesPerInput: 4 }, null],
    ["samples alone, with prices that only report", { samplesPerInput: 4, prices: PRICES }, null],
    ["tokens", { totalOutputTokens: 1000, ...PER_SAMPLE }, 30],
    ["samples and tokens", { samplesPerInput: 4, totalOutputTokens: 1000, ...PER_SAMPLE }, 30],
    ["dollars", { totalCostUsd: 1, prices: PRICES, ...PER_SAMPLE }, 30],
  ])("of a budget in %s is %3$j", (_what, budget, mean) => {
    const tokens = new TokenMean(openAccount(budget, 2));
    expect(tokens.value).toBeNull();
    tokens.add({ outputTokens: 20 });
    tokens.add({});
    tokens.add({ outputTokens: 40 });
    expect(tokens.value).toBe(mean);
  });

  it("lets the vote index favour short answers where tokens are limited, and only there", () => {
    const recorded = (tokens: number): { answer: string; tokens: number }[] =>
      ["a", "b", "a", "b"].map((answer) => ({ answer, tokens }));
    const pool = [
      { id: "long", gold: null, samples: recorded(900) },
      { id: "short", gold: null, samples: recorded(100) },
    ];
    const methods = { index: { ...selfConsistency(), allocator: voteIndex(), unitSamples: 1 } };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const samplesOf = (budget: Partial<Parameters<typeof replay>[0]>): number[] => {
      const runs = [...replay({ pool, methods, seeds, ...budget })];
      return [0, 1].map((place) =>
        runs.reduce((sum, { questions }) => sum + (questions[place]?.samples.length ?? 0), 0),
      );
    };
    const [longOfSamples = 0, shortOfSamples = 0] = samplesOf({ samplesPerInput: [20] });
    expect(shortOfSamples / longOfSamples).toBeLessThan(1.5);
    expect(shortOfSamples / longOfSamples).toBeGreaterThan(1 / 1.5);
    const [longOfTokens = 0, shortOfTokens = 0] = samplesOf({ outputTokensPerInput: [10_000] });
    expect(shortOfTokens / longOfTokens).toBeGreaterThan(2);
  });
});
