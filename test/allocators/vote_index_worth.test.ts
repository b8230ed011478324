import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { voteIndex, voteIndexOf } from "../../src/allocators/vote_index.js";
import type { Arm } from "../../src/core/types.js";
import { context, votesOf } from "./arms.js";

const { priority, ranking, isSettled } = voteIndex();

const votes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });
const tokens = fc.integer({ min: 1, max: 100_000 });

/** An arm with these votes, each of whose samples took so many output tokens. */
function costing(counts: readonly number[], outputTokens: number | undefined, rest: Partial<Arm> = {}): Arm {
  const plain = votesOf(counts);
  const samples = plain.samples.map((sample) => ({ ...sample, usage: { outputTokens } }));
  return { ...plain, samples, ...rest };
}

function worth(arm: Arm, meanOutputTokens: number | null): number {
  return priority?.(arm, { ...context, meanOutputTokens }) as number;
}

function indexOf(counts: readonly number[]): number {
  const [first = 0, second = 0] = counts.toSorted((a, b) => b - a);
  return voteIndexOf({ first, second, total: counts.reduce((sum, each) => sum + each, 0) });
}

describe("what a sample of a question is expected to cost", () => {
  it("divides its index: its own mean and two samples of the batch's mean, over that mean", () => {
    fc.assert(
      fc.property(votes, tokens, tokens, (counts, own, mean) => {
        const count = counts.reduce((sum, each) => sum + each, 0);
        const cost = (count * own + 2 * mean) / (count + 2) / mean;
        expect((worth(costing(counts, own), mean) * cost) / indexOf(counts)).toBeCloseTo(1, 9);
      }),
      { seed: 21 },
    );
  });

  it("ranks of two questions with the same votes the one with shorter answers first", () => {
    fc.assert(
      fc.property(votes, tokens, tokens, fc.integer({ min: 1, max: 1000 }), (counts, own, mean, more) => {
        expect(worth(costing(counts, own), mean)).toBeGreaterThan(worth(costing(counts, own + more), mean));
      }),
      { seed: 21 },
    );
  });

  it("is a ratio: tokens counted in another unit rank the same", () => {
    fc.assert(
      fc.property(votes, tokens, tokens, fc.integer({ min: 2, max: 50 }), (counts, own, mean, times) => {
        const once = worth(costing(counts, own), mean);
        expect(worth(costing(counts, own * times), mean * times) / once).toBeCloseTo(1, 9);
      }),
      { seed: 21 },
    );
  });

  it("is that of the batch where a question has told no tokens, and 1 where nobody has", () => {
    fc.assert(
      fc.property(votes, tokens, tokens, (counts, own, mean) => {
        expect(worth(costing(counts, undefined), mean)).toBe(indexOf(counts));
        expect(worth(costing(counts, own), null)).toBe(indexOf(counts));
      }),
      { seed: 21 },
    );
  });
});

describe("samples in flight", () => {
  it("divide the index by one more than their number", () => {
    fc.assert(
      fc.property(votes, tokens, tokens, fc.nat({ max: 64 }), (counts, own, mean, inFlight) => {
        const alone = worth(costing(counts, own), mean);
        expect((worth(costing(counts, own, { inFlight }), mean) * (1 + inFlight)) / alone).toBeCloseTo(1, 12);
      }),
      { seed: 22 },
    );
  });

  it("spread what is asked at once: each next sample goes where index over 1 + in flight is largest", () => {
    fc.assert(
      fc.property(fc.array(votes, { minLength: 2, maxLength: 6 }), (batch) => {
        const inFlight = batch.map(() => 0);
        for (let sent = 0; sent < 20; sent++) {
          const worths = batch.map((counts, place) =>
            worth(costing(counts, 1, { inFlight: inFlight[place] as number }), null),
          );
          const next = worths.indexOf(Math.max(...worths));
          inFlight[next] = (inFlight[next] as number) + 1;
        }
        // What every other question would have been worth instead.
        const marginal = batch.map((counts, place) => indexOf(counts) / (1 + (inFlight[place] as number)));
        const taken = batch.map((counts, place) => indexOf(counts) / (inFlight[place] as number));
        expect(Math.min(...taken)).toBeGreaterThanOrEqual(Math.max(...marginal) * (1 - 1e-12));
      }),
      { seed: 22, numRuns: 50 },
    );
  });

  it("count towards the cap and the price of a question", () => {
    const torn = costing([2, 2], 100);
    expect(isSettled?.({ ...torn, inFlight: 1000 })).toBe(false);
    const capped = voteIndex({ maxSamples: 6 });
    expect([1, 2].map((inFlight) => capped.isSettled?.({ ...torn, inFlight }))).toEqual([false, true]);
    const priced = voteIndex({ price: indexOf([2, 2]) / 3.5 });
    expect([0, 1].map((inFlight) => priced.isSettled?.({ ...torn, inFlight }))).toEqual([false, true]);
  });
});

describe("the order in which the continuous schedule takes questions", () => {
  it("is that of the priorities which rounds go by", () => {
    fc.assert(
      fc.property(votes, tokens, fc.option(tokens), fc.nat({ max: 9 }), (counts, own, mean, inFlight) => {
        const arm = costing(counts, own, { inFlight });
        expect(ranking?.rank(arm, mean)).toBe(worth(arm, mean));
        expect(ranking?.level(arm)).toBe(0);
      }),
      { seed: 23 },
    );
  });
});
