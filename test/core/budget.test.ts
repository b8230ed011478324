import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAccount } from "../../src/core/account.js";
import { DEFAULT_BUDGET, completeBudget } from "../../src/core/budget.js";
import type { Reservation } from "../../src/core/account.js";
import type { Budget } from "../../src/core/budget.js";
import { OptionError } from "../../src/core/errors.js";

const prices = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 10 };

function errorOf(act: () => unknown): OptionError {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  if (thrown instanceof OptionError) return thrown;
  throw new Error(`Expected an OptionError, got ${String(thrown)}.`);
}

describe("completeBudget", () => {
  it.each([
    { samplesPerInput: 1 },
    { samplesPerInput: 2.5 },
    { totalSamples: 1 },
    { totalOutputTokens: 1, maxOutputTokensPerSample: 1 },
    { samplesPerInput: 8, totalSamples: 80, totalOutputTokens: 9000, maxOutputTokensPerSample: 100 },
    { totalSamples: 5, samplesPerInput: undefined },
    DEFAULT_BUDGET,
  ] as Budget[])("takes %j", (budget) => {
    expect(() => completeBudget(budget, undefined)).not.toThrow();
  });

  it.each<[budget: object, option: string, value: string, fix: string]>([
    [{}, "budget", "an object with keys (none)", "Set at least one of samplesPerInput"],
    [{ maxOutputTokensPerSample: 9 }, "budget", "an object with keys maxOutput", "Set at least one of"],
    [
      { samples: 5 },
      "budget.samples",
      "a value that is not shown",
      "There is no such option; known are samplesPerInput",
    ],
    [{ samplesPerInput: 0.5 }, "budget.samplesPerInput", "0.5", "Give a number of at least 1"],
    [{ samplesPerInput: Infinity }, "budget.samplesPerInput", "Infinity", "Give a number of at least 1"],
    [{ samplesPerInput: NaN }, "budget.samplesPerInput", "NaN", "Give a number of at least 1"],
    [{ samplesPerInput: "8" }, "budget.samplesPerInput", '"8"', "Give a number of at least 1"],
    [{ samplesPerInput: null }, "budget.samplesPerInput", "null", "Give a number of at least 1"],
    [{ totalSamples: 0 }, "budget.totalSamples", "0", "Give a whole number of at least 1"],
    [{ totalSamples: 2.5 }, "budget.totalSamples", "2.5", "Give a whole number of at least 1"],
    [{ totalSamples: [8, 9] }, "budget.totalSamples", "an array of 2", "Give a whole number"],
    [{ totalSamples: Math.max }, "budget.totalSamples", "function max", "Give a whole number"],
    [{ totalOutputTokens: -1 }, "budget.totalOutputTokens", "-1", "Give a whole number of at least 1"],
    [
      { totalSamples: 5, maxOutputTokensPerSample: 0 },
      "budget.maxOutputTokensPerSample",
      "0",
      "Give a whole number of at least 1",
    ],
    [{ totalCostUsd: 5 }, "budget.prices", "undefined", "A limit in dollars needs what tokens cost"],
    [{ totalCostUsd: 0, prices }, "budget.totalCostUsd", "0", "Give a number of US dollars above 0"],
    [
      { totalCostUsd: 5, prices: { inputUsdPerMillionTokens: 0, outputUsdPerMillionTokens: 0 } },
      "budget.totalCostUsd",
      "5",
      "It is never met where tokens cost nothing",
    ],
    [
      { totalCostUsd: 5, prices: { ...prices, outputUsdPerMillionTokens: -1 } },
      "budget.prices.outputUsdPerMillionTokens",
      "-1",
      "Give US dollars per million tokens, at least 0",
    ],
  ])("refuses %j with option, value and fix", (budget, option, value, fix) => {
    const error = errorOf(() => completeBudget(budget as Budget, undefined));
    expect(error.option).toBe(option);
    expect(error.name).toBe("DynScalingOptionError");
    expect(error.message.startsWith(`${option}: got ${value}`)).toBe(true);
    expect(error.message).toContain(fix);
  });
});

describe("openAccount", () => {
  it("refuses a pool that cannot pay for one sample per input, before anything is spent", () => {
    const samples = errorOf(() => openAccount({ totalSamples: 3, samplesPerInput: 8 }, 4));
    expect(samples.message).toBe(
      "budget.totalSamples: got 3. It cannot pay for one sample for each of the 4 inputs; give at least 4.",
    );
    const tokens = errorOf(() => openAccount({ totalOutputTokens: 399, maxOutputTokensPerSample: 100 }, 4));
    expect(tokens.option).toBe("budget.totalOutputTokens");
    expect(tokens.message).toContain("got 399. One sample for each of the 4 inputs can take 4 x 100 = 400");
    expect(openAccount({ totalSamples: 4 }, 4).affordable()).toBe(4);
    expect(openAccount({ totalOutputTokens: 400, maxOutputTokensPerSample: 100 }, 4).affordable()).toBe(4);
  });

  it("pools samples over the inputs, rounded down, and takes the smaller of two limits", () => {
    expect(openAccount({ samplesPerInput: 2.5 }, 3).samplesLeft()).toBe(7);
    expect(openAccount({ samplesPerInput: 1 }, 3).samplesLeft()).toBe(3);
    expect(openAccount({ samplesPerInput: 8, totalSamples: 20 }, 3).samplesLeft()).toBe(20);
    expect(openAccount({ samplesPerInput: 4, totalSamples: 20 }, 3).samplesLeft()).toBe(12);
  });

  it("never affords what could exceed a limit, and says which one is met", () => {
    const limits = fc.record({
      totalSamples: fc.option(fc.integer({ min: 5, max: 60 }), { nil: undefined }),
      maxOutputTokensPerSample: fc.integer({ min: 1, max: 30 }),
      extra: fc.nat(900),
      calls: fc.array(fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }), { minLength: 1 }),
    });
    fc.assert(
      fc.property(limits, ({ totalSamples, maxOutputTokensPerSample: worst, extra, calls }) => {
        const totalOutputTokens = 5 * worst + extra;
        const account = openAccount({ totalSamples, totalOutputTokens, maxOutputTokensPerSample: worst }, 5);
        let tokens = 0;
        let samples = 0;
        while (account.affordable() > 0) {
          expect(account.exhausted()).toBeNull();
          expect(tokens + account.affordable() * worst).toBeLessThanOrEqual(totalOutputTokens);
          const said = calls[samples % calls.length];
          const outputTokens = said === undefined ? undefined : Math.max(1, Math.min(said, worst));
          account.record({ usage: { outputTokens } });
          tokens += outputTokens ?? worst;
          samples += 1;
          expect(account.usedSamples()).toBe(samples);
        }
        const bySamples = samples === totalSamples;
        expect(account.exhausted()).toBe(bySamples ? "samples" : "outputTokens");
        expect(bySamples || totalOutputTokens - tokens < worst).toBe(true);
      }),
      { seed: 41, numRuns: 300 },
    );
  });

  it("counts a call that says zero tokens as zero, and one that says nothing as the worst case", () => {
    const account = openAccount({ totalOutputTokens: 100, maxOutputTokensPerSample: 10 }, 1);
    account.record({ usage: { outputTokens: 0 } });
    expect(account.affordable()).toBe(10);
    account.record({ usage: {} });
    expect(account.affordable()).toBe(9);
  });

  it("affords nothing more, and no negative number, once a model broke its own output limit", () => {
    const account = openAccount({ totalOutputTokens: 100, maxOutputTokensPerSample: 10 }, 1);
    account.record({ usage: { outputTokens: 500 } });
    expect(account.affordable()).toBe(0);
    expect(account.exhausted()).toBe("outputTokens");
  });

  it("needs no token counts where samples are the only limit", () => {
    const account = openAccount({ totalSamples: 2 }, 1);
    account.record({ usage: {} });
    expect([account.affordable(), account.exhausted()]).toEqual([1, null]);
    account.record({ usage: { outputTokens: 1_000_000 } });
    expect([account.affordable(), account.exhausted()]).toEqual([0, "samples"]);
  });

  it("puts the worst case of calls in flight aside, and gives it back when they return", () => {
    const limits = { totalSamples: 20, totalOutputTokens: 200, maxOutputTokensPerSample: 10 };
    const account = openAccount(limits, 1, 2);
    const held = Array.from({ length: 3 }, () => account.reserve(0));
    expect([account.affordable(), account.samplesLeft()]).toEqual([14, 14]);
    for (let call = 0; call < 7; call++) held.push(account.reserve(0));
    expect([account.affordable(), account.exhausted(), account.reserve(0)]).toEqual([0, "samples", null]);
    account.release(held[0] as Reservation);
    account.record({ usage: { outputTokens: 1 } });
    account.record({ usage: { outputTokens: 1 } });
    expect([account.affordable(), account.usedSamples()]).toEqual([0, 2]);
    const frugal = openAccount({ totalOutputTokens: 100, maxOutputTokensPerSample: 10 }, 1);
    const all = Array.from({ length: 10 }, () => frugal.reserve(0));
    expect(frugal.affordable()).toBe(0);
    frugal.release(all[0] as Reservation);
    frugal.record({ usage: { outputTokens: 0 } });
    expect(frugal.affordable()).toBe(1);
  });
});
