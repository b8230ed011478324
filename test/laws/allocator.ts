import fc from "fast-check";
import { expect } from "vitest";
import type { AllocationContext, Allocator, Arm } from "../../src/core/types.js";
import { arm, deepFreeze, openStream } from "./arbitrary.js";
import type { Laws } from "./arbitrary.js";

interface Round {
  arms: Arm[];
  /** Samples of arms that can no longer be pulled. */
  elsewhere: number;
  unitSamples: number;
  pulls: number;
  seed: number;
}

const round: fc.Arbitrary<Round> = fc.record({
  arms: fc
    .integer({ min: 1, max: 9 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => arm(index, 1)))),
  elsewhere: fc.constantFrom(0, 0, 25),
  unitSamples: fc.integer({ min: 1, max: 12 }),
  pulls: fc.integer({ min: 1, max: 100 }),
  seed: fc.integer(),
});

function contextOf({ arms, elsewhere, unitSamples, pulls, seed }: Round): AllocationContext {
  const usedSamples = arms.reduce((sum, { samples }) => sum + samples.length, elsewhere);
  return {
    usedSamples,
    unitSamples,
    pulls,
    arms: arms.length,
    slots: Infinity,
    meanOutputTokens: null,
    random: openStream(seed),
  };
}

function assertForRounds(law: (given: Round) => void): void {
  fc.assert(
    fc.property(round, (each) => {
      law(each);
    }),
    { seed: 11, numRuns: 300 },
  );
}

export const allocatorLaws: Laws<Allocator> = {
  "gives each arm a whole number from 0 to one unit, and 1 to all pulls together"(make) {
    assertForRounds((given) => {
      const pulls = make().allocate(given.arms, contextOf(given));
      expect(pulls).toHaveLength(given.arms.length);
      for (const count of pulls) {
        expect(Number.isInteger(count)).toBe(true);
        expect(count).toBeGreaterThanOrEqual(0);
        expect(count).toBeLessThanOrEqual(given.unitSamples);
      }
      const sum = pulls.reduce((total, count) => total + count, 0);
      expect(sum).toBeGreaterThanOrEqual(1);
      expect(sum).toBeLessThanOrEqual(given.pulls);
    });
  },
  "decides the same for the same arms and stream, however often it was asked before"(make) {
    const member = make();
    assertForRounds((given) => {
      const first = member.allocate(given.arms, contextOf(given));
      expect(member.allocate(given.arms, contextOf(given))).toEqual(first);
      expect(make().allocate(given.arms, contextOf(given))).toEqual(first);
    });
  },
  "leaves its arguments alone"(make) {
    assertForRounds((given) => {
      make().allocate(deepFreeze(given.arms), deepFreeze(contextOf(given)));
    });
  },
  "ranks by a number, if by anything: no arm goes without while one of lower priority is served"(make) {
    assertForRounds((given) => {
      const member = make();
      const pulls = member.allocate(given.arms, contextOf(given));
      const { priority } = member;
      if (priority === undefined) return;
      const priorities = given.arms.map((each) => priority(deepFreeze(each), contextOf(given)));
      expect(priorities.some(Number.isNaN)).toBe(false);
      const of = (served: boolean): number[] =>
        priorities.filter((_, place) => (pulls[place] as number) > 0 === served);
      expect(Math.min(...of(true))).toBeGreaterThanOrEqual(Math.max(...of(false)));
    });
  },
};
