import { OptionError, requireKnownKeys } from "../core/errors.js";
import type { Allocator, Arm } from "../core/types.js";
import { ranked } from "./ranked.js";

/** Options of `ucb()`. */
export interface UcbOptions {
  /** Exploration ratio c, at least 0. Default 1/4 (section 4.1). */
  explorationRatio?: number;
  /** Share of the arms that get a unit in each round, in (0, 1]. Default 1/4: see `ranked()`. */
  roundShare?: number;
}

/**
 * The paper's bandit, Algorithm 3: a_i = u_i + c * sqrt(ln(B_used) / B_i), with
 * u_i the arm's uncertainty, B_i its samples and B_used those of all arms. The
 * logarithm is the natural one, as in UCB1 (Auer et al. 2002).
 *
 * Where nothing waits for rounds, samples in flight count in B_i, and u_i is divided
 * by 1 + their number: of what one more is worth, they have bought the most.
 *
 * @throws {OptionError} if an option is out of range
 */
export function ucb(options: UcbOptions = {}): Allocator {
  requireKnownKeys("ucb", options, ["explorationRatio", "roundShare"]);
  const { explorationRatio = 0.25, roundShare } = options;
  if (typeof explorationRatio !== "number" || !(explorationRatio >= 0 && explorationRatio < Infinity)) {
    throw new OptionError("ucb.explorationRatio", explorationRatio, "Give a finite number of at least 0.");
  }
  return ranked({
    name: "ucb",
    roundShare,
    priority: (arm, { usedSamples }) =>
      arm.uncertainty / (1 + arm.inFlight) +
      explorationRatio * Math.sqrt(Math.log(usedSamples) / samplesOf(arm)),
    // The logarithm moves all arms, but among those with as many samples the order is that of u_i alone.
    ranking: {
      level: (arm) => samplesOf(arm) * MOST_IN_FLIGHT + arm.inFlight,
      rank: ({ uncertainty }) => uncertainty,
    },
  });
}

/** No arm has as many samples in flight; it tells two numbers in one apart. */
const MOST_IN_FLIGHT = 2 ** 20;

function samplesOf({ samples, inFlight }: Arm): number {
  return samples.length + inFlight;
}
