import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bootstrapMean,
  bootstrapRatio,
  curveOf,
  majorityAtK,
  passAtK,
  savingRatio,
  savingsOf,
  scoreRuns,
} from "../../src/evaluation/index.js";
import type { MethodScores } from "../../src/evaluation/index.js";
import { savingFigure } from "../../src/evaluation/figures/saving_figure.js";
import { mixedPool, recorded } from "./pools.js";
import { runOf } from "./runs.js";

function scored(method: string, votes: readonly string[]): MethodScores {
  const [scores] = scoreRuns([runOf(method, 0, votes, [4, 8, 16])]);
  if (!scores) throw new Error("a run was scored");
  return scores;
}

describe("bootstrapRatio", () => {
  it("is the bootstrap of the mean where every question counts once", () => {
    const values = [0, 0.5, 1, 1, 0.25];
    expect(bootstrapRatio(values.map((count) => ({ count, of: 1 })))).toEqual(bootstrapMean(values));
  });

  it("weighs questions by what they are out of, and keeps the share between its bounds", () => {
    const share = fc
      .nat({ max: 9 })
      .chain((of) => fc.record({ count: fc.nat({ max: of }), of: fc.constant(of) }));
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 12 }), (shares) => {
        const [count, of] = [
          shares.reduce((sum, each) => sum + each.count, 0),
          shares.reduce((sum, each) => sum + each.of, 0),
        ];
        const { mean, low, high, questions } = bootstrapRatio(shares);
        expect(questions).toBe(shares.length);
        if (of === 0) return Number.isNaN(mean) && Number.isNaN(low) && Number.isNaN(high);
        return mean === count / of && 0 <= low && low <= high && high <= 1;
      }),
      { seed: 5, numRuns: 30 },
    );
  });

  it("grows wider with what differs between questions", () => {
    const alike = bootstrapRatio(Array.from({ length: 40 }, () => ({ count: 1, of: 2 })));
    const apart = bootstrapRatio(
      Array.from({ length: 40 }, (_, place) => ({ count: 2 * (place % 2), of: 2 })),
    );
    expect([alike.low, alike.high]).toEqual([0.5, 0.5]);
    // The interval of a mean of 40 coins, 0.5 ± 1.96 × 0.5 / √40.
    expect(apart.low).toBeCloseTo(0.345, 1);
    expect(apart.high).toBeCloseTo(0.655, 1);
  });
});

describe("majorityAtK", () => {
  it("is pass@1 for one sample, and the vote over all for all", () => {
    const pool = mixedPool(10, 2);
    expect(majorityAtK(pool, 1).mean).toBeCloseTo(passAtK(pool, 1).mean, 1);
    const whole = [
      recorded("right", "aab"),
      recorded("wrong", "abb"),
      recorded("tied", "ab-"),
      recorded("none", "---"),
    ];
    expect(majorityAtK(whole, 3).mean).toBeCloseTo((1 + 0 + 0.5 + 0) / 4, 12);
  });

  it("is near the chance that is known for three of a pool", () => {
    // Of 30 right and 30 wrong ones by turns, a majority of three is right half the time.
    expect(Math.abs(majorityAtK([recorded("q", "ab".repeat(30))], 3).mean - 0.5)).toBeLessThan(0.15);
    // 4 of 5 right: three drawn hold two right ones or more always.
    expect(majorityAtK([recorded("q", "aaaab")], 3).mean).toBe(1);
  });

  it("leaves out questions without a gold answer, and refuses more samples than there are", () => {
    expect(majorityAtK([recorded("q", "a"), recorded("unknown", "b", null)], 1)).toMatchObject({
      mean: 1,
      questions: 1,
    });
    expect(() => majorityAtK([recorded("q", "aa")], 3)).toThrow(/^majorityAtK\.k.*only 2/);
    expect(() => majorityAtK([], 0)).toThrow(/^majorityAtK\.k/);
  });
});

describe("savingsOf", () => {
  const slow = scored("slow", ["aabbbbbb", "aaaabbbb", "aaaaaabb"]);
  const fast = scored("fast", ["aaaabbbb", "aaaaaabb", "aaaaaaab"]);

  it("has the ratios of the curves, with an interval around them", () => {
    const savings = savingsOf(fast, slow, "samples");
    const [own, other] = [curveOf(fast), curveOf(slow)];
    expect(savings.map(({ checkpoint, score }) => [checkpoint, score])).toEqual([
      [4, 0.25],
      [8, 0.5],
      [16, 0.75],
    ]);
    for (const { score, ratio, low, high } of savings) {
      expect(ratio).toBeCloseTo(savingRatio(own, other, score, "samples") ?? 0, 12);
      expect(low).toBeLessThanOrEqual(ratio);
      expect(high).toBeGreaterThanOrEqual(ratio);
    }
    expect(savings.map(({ ratio }) => ratio)).toEqual([1, 2, 2]);
  });

  it("is marked as a bound where a method was beyond the score at its first checkpoint already", () => {
    const bounds = (method: MethodScores, other: MethodScores): unknown[] =>
      savingsOf(method, other, "samples").map(({ bound }) => bound);
    expect(bounds(fast, slow)).toEqual(["atLeast", null, null]);
    expect(bounds(slow, slow)).toEqual([null, null, null]);
    const falling = scored("falling", ["aaaaabbb", "aaabbbbb", "aabbbbbb"]);
    expect(bounds(slow, falling)).toEqual([null, "atMost", "atMost"]);
    expect(bounds(fast, falling)).toEqual([null, "unknown", "unknown"]);
    // It never gets there, which is no bound.
    expect(bounds(scored("none", ["bbbbbbbb", "bbbbbbbb", "bbbbbbbb"]), slow)).toEqual([null, null, null]);
  });

  it("is shown as a bound in the table, with a verdict on the known side alone", () => {
    const rowsOf = (scores: readonly MethodScores[], compareWith: string): string[] => {
      const figure = savingFigure({
        name: "saving",
        caption: "",
        scoreLabel: "right",
        scores,
        compareWith,
        spend: "samples",
      });
      return figure.tables[0]?.rows.map((row) => [row[1], row[3], row[5]].join(", ")) ?? [];
    };
    expect(rowsOf([fast, slow], "slow")[0]).toBe("4, at least 1.00×, no difference shown");
    expect(rowsOf([fast, slow], "slow")[2]).toMatch(/^16, 2\.00×, /);
    // Right at once, but its smallest budget is large: less might have done.
    const [late] = scoreRuns([runOf("late", 0, ["aaaaaaaa", "aaaaaaaa"], [8, 16])]);
    expect(rowsOf([late as MethodScores, slow], "slow")[0]).toBe("4, at least 0.50×, no difference shown");
  });

  it("is 0 where the score is never reached, and exactly 1 against itself", () => {
    expect(savingsOf(slow, fast, "samples").at(-1)).toMatchObject({ ratio: 0, low: 0 });
    for (const { ratio, low, high } of savingsOf(slow, slow, "samples"))
      expect([ratio, low, high]).toEqual([1, 1, 1]);
  });
});
