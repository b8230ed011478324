import { describe, expect, it } from "vitest";
import { ranked } from "../../src/allocators/ranked.js";
import { voteIndex, voteIndexOf } from "../../src/allocators/vote_index.js";
import { openAccount } from "../../src/core/account.js";
import { solve } from "../../src/core/solve.js";
import type { Schedule } from "../../src/core/solve.js";
import type { Allocator, Solution } from "../../src/core/types.js";
import { independent } from "../../src/samplers/independent.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

function solved(allocator: Allocator, schedule: Schedule): Promise<Solution[]> {
  const method = { sampler: independent(), uncertainty: variationRatio, voting: majority };
  return solve<unknown, never>(
    ["q", "r", "s"],
    { ...method, allocator, unitSamples: 2, seed: 0 },
    openAccount({ totalSamples: 12 }, 3),
    {
      samplesPerCall: 1,
      slots: 1,
      isOpen: () => true,
      generate: async () => [{ text: "t", answer: "a", usage: {} }],
      openUnit: async () => {},
      closeUnit: async () => {},
      afterWave: () => {},
    },
    schedule,
  );
}

const priority = ({ index }: { index: number }): number => (index === 0 ? Number.NaN : index);
const allocators: Record<string, Allocator> = {
  ranked: ranked({ name: "mine", priority }),
  "with levels": ranked({ name: "mine", priority, ranking: { level: () => 0, rank: () => 0 } }),
  "of one's own": {
    name: "mine",
    allocate: (arms) => arms.map(({ index }) => Number(index === 0)),
    priority,
  },
};

describe.each(Object.entries(allocators))(
  "an allocator that ranks an arm by NaN (%s)",
  (_name, allocator) => {
    it.each<Schedule>(["rounds", "continuous"])(
      "is told so, and the samples so far are voted on (%s)",
      async (schedule) => {
        const solutions = await solved(allocator, schedule);
        expect(solutions[0]?.fault?.message).toBe('Allocator "mine" ranks an arm by NaN.');
        expect(solutions[0]?.stopReason).toBe("closed");
        expect(solutions.map(({ tally }) => tally.winner)).toEqual([0, 0, 0]);
      },
    );
  },
);

describe("the index of a vote, at the edge of what numbers hold", () => {
  it("refuses votes for the unseen that whole votes would swallow", () => {
    expect(() => voteIndex({ alpha: 1e-15 })).toThrow("voteIndex.alpha: got 1e-15");
    expect(() => voteIndex({ alpha: 1e-6 })).not.toThrow();
  });

  it("is a number, however far one answer is ahead", () => {
    for (const [first, alpha] of [
      [1, 1e-15],
      [1e-20, 1],
      [1e12, 1e-6],
      [1, 1e300],
    ] as const) {
      expect(voteIndexOf({ first, second: 0, total: first }, { alpha })).toBeGreaterThanOrEqual(0);
    }
  });
});
