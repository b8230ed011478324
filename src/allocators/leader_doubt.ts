import { requireInteger, requireKnownKeys } from "../core/errors.js";
import type { Allocator, Arm } from "../core/types.js";
import { leaderProbability } from "./adaptive_consistency.js";
import { answerCounts } from "./answer_counts.js";
import { ranked } from "./ranked.js";
import type { RankedOptions } from "./ranked.js";

/** Options of `leaderDoubt()`. */
export interface LeaderDoubtOptions extends Pick<RankedOptions, "roundShare"> {
  /** Most samples of one arm; without it, near ties take the whole budget. Default 64. */
  maxSamples?: number;
}

/**
 * The stopping rule of Adaptive-Consistency (arXiv 2305.11860) as a ranking: units
 * go to the questions whose leading answer is least sure to be more frequent than
 * the next one, by the Beta posterior of these two.
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function leaderDoubt(options: LeaderDoubtOptions = {}): Allocator {
  requireKnownKeys("leaderDoubt", options, ["roundShare", "maxSamples"]);
  const { roundShare, maxSamples = 64 } = options;
  requireInteger("leaderDoubt.maxSamples", maxSamples, 1);
  const rank = ({ samples, inFlight }: Arm): number => {
    const [first = 0, second = 0] = answerCounts(samples).votes;
    return (1 - leaderProbability(first, second)) / (1 + inFlight);
  };
  return {
    ...ranked({ name: "leaderDoubt", roundShare, priority: rank, ranking: { level: () => 0, rank } }),
    isSettled: ({ samples, inFlight }) => samples.length + inFlight >= maxSamples,
    judge: ({ samples }) => ({ isFull: samples.length >= maxSamples }),
  };
}
