import type { Allocator } from "../core/types.js";

/**
 * An even split: every pull goes to the arm with the fewest samples, the earlier
 * input on ties, so that the arms never differ by more than one sample in the
 * end. At most one unit per arm and round.
 */
export function uniform(): Allocator {
  return {
    name: "uniform",
    allocate(arms, { pulls: pool, unitSamples }) {
      const pulls = arms.map(() => 0);
      let left = pool;
      const fewest = arms.reduce((least, arm) => Math.min(least, arm.samples.length), Infinity);
      for (let level = fewest; left > 0 && level < fewest + unitSamples; level++) {
        for (const [place, arm] of arms.entries()) {
          if (left > 0 && arm.samples.length <= level) {
            pulls[place] = (pulls[place] as number) + 1;
            left -= 1;
          }
        }
      }
      return pulls;
    },
  };
}
