import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { openAccount } from "../../src/core/account.js";
import type { Budget } from "../../src/core/budget.js";
import { playRounds } from "../../src/core/rounds.js";
import type { Replies, Step } from "../../src/core/rounds.js";
import type { Reply, Solution } from "../../src/core/types.js";
import type { TurnsPrompt } from "../../src/prompts/turns.js";
import { integrated } from "../../src/samplers/integrated.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

const answers = ["1", "2", "3"];

interface Played {
  calls: number;
  solutions: Solution[];
}

/** Plays the rounds against a model that brings `samplesPerCall` responses of `tokens` output tokens. */
function play(arms: number, samplesPerCall: number, budget: Budget, tokens = 1): Played {
  const questions = Array.from({ length: arms }, (_, arm) => `question ${arm}`);
  const method = {
    sampler: integrated(),
    allocator: ucb(),
    uncertainty: variationRatio,
    voting: majority,
    unitSamples: 8,
    seed: 3,
  };
  const account = openAccount(budget, arms, samplesPerCall);
  const rounds = playRounds<unknown, TurnsPrompt>(questions, method, account, {
    samplesPerCall,
    slots: Infinity,
    isOpen: () => true,
  });
  let calls = 0;
  const answer = (step: Step<unknown, TurnsPrompt>): Replies<unknown> =>
    step.calls.map(({ arm }) => {
      calls += 1;
      return Array.from({ length: samplesPerCall }, (_, place): Reply => {
        const said = answers[(calls + place + arm.index) % (1 + (arm.index % 3))] as string;
        return { text: said, answer: said, usage: { outputTokens: tokens } };
      });
    });
  let step = rounds.next();
  while (!step.done) step = rounds.next(answer(step.value));
  return { calls, solutions: step.value };
}

describe("a model that brings several responses a call", () => {
  it("serves each half of a unit with as many calls as bring it, all responses counted", () => {
    const { calls, solutions } = play(2, 4, { samplesPerInput: 8 });
    expect(calls).toBe(4);
    for (const { arm } of solutions) {
      const stages = arm.samples.map(({ stage }) => stage);
      expect(stages).toEqual([...Array(4).fill("parallel"), ...Array(4).fill("sequential")]);
      // One chain, quoted by all the responses to it.
      const chains = new Set(arm.samples.slice(4).map(({ parents }) => parents.join()));
      expect(chains.size).toBe(1);
    }
  });

  it("stays within every budget, gives every arm a call, and uses all but a part of a call", () => {
    const scenario = fc.record({
      arms: fc.integer({ min: 1, max: 9 }),
      each: fc.integer({ min: 1, max: 7 }),
      extra: fc.integer({ min: 0, max: 60 }),
      tokens: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(scenario, ({ arms, each, extra, tokens }) => {
        const total = arms * each + extra;
        const bySamples = play(arms, each, { totalSamples: total });
        const used = bySamples.solutions.reduce((sum, { arm }) => sum + arm.samples.length, 0);
        expect(used).toBe(bySamples.calls * each);
        expect(used).toBeLessThanOrEqual(total);
        expect(total - used).toBeLessThan(each);
        for (const { arm } of bySamples.solutions) expect(arm.samples.length).toBeGreaterThanOrEqual(each);

        const limit = 10 * total;
        const byTokens = play(arms, each, { totalOutputTokens: limit, maxOutputTokensPerSample: 10 }, tokens);
        const spent = byTokens.calls * each * tokens;
        expect(spent).toBeLessThanOrEqual(limit);
        expect(limit - spent).toBeLessThan(each * 10);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("is refused where the budget cannot pay for one call per input", () => {
    expect(() => play(3, 4, { totalSamples: 11 })).toThrow(/^budget\.totalSamples: .*at least 12/);
    expect(() => play(3, 4, { samplesPerInput: 2 })).toThrow(/^budget\.samplesPerInput: .*at least 4/);
    const tokens = { totalOutputTokens: 119, maxOutputTokensPerSample: 10 };
    expect(() => play(3, 4, tokens)).toThrow(/^budget\.totalOutputTokens: .*12 x 10 = 120/);
  });
});
