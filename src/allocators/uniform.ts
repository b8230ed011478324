import type { Allocator, Arm } from "../core/types.js";

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
      const fewest = arms.reduce((least, arm) => Math.min(least, samplesOf(arm)), Infinity);
      for (let level = fewest; left > 0 && level < fewest + unitSamples; level++) {
        for (const [place, arm] of arms.entries()) {
          if (left > 0 && samplesOf(arm) <= level) {
            pulls[place] = (pulls[place] as number) + 1;
            left -= 1;
          }
        }
      }
      return pulls;
    },
    ranking: {
      level: () => 0,
      rank: (arm) => -samplesOf(arm),
      // As far as all arms can get together, so that none takes what others lack.
      pulls(arm, { usedSamples, pulls, arms, unitSamples }) {
        const even = Math.floor((usedSamples + pulls) / arms) - samplesOf(arm);
        return Math.min(pulls, unitSamples, Math.max(1, even));
      },
    },
    // Whatever comes back, it decides the same.
    roundShare: 1,
  };
}

function samplesOf({ samples, inFlight }: Arm): number {
  return samples.length + inFlight;
}
