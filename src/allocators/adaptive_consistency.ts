import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import type { Allocator, Arm } from "../core/types.js";
import { countVotes } from "../core/votes.js";
import { uniform } from "./uniform.js";

/** Options of `adaptiveConsistency()`. */
export interface AdaptiveConsistencyOptions {
  /** Stops an arm once its leader is the majority with this probability, in (0.5, 1). Default 0.95. */
  confidence?: number;
  /** Most samples of one arm. Default 40. */
  maxSamples?: number;
}

/**
 * Adaptive-Consistency (arXiv 2305.11860): every arm gets one sample after
 * another (with `unitSamples` 1) until the Beta posterior of its two leading
 * answers is sure enough of the first, or it has `maxSamples`.
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function adaptiveConsistency(options: AdaptiveConsistencyOptions = {}): Allocator {
  requireKnownKeys("adaptiveConsistency", options, ["confidence", "maxSamples"]);
  const { confidence = 0.95, maxSamples = 40 } = options;
  if (typeof confidence !== "number" || !(confidence > 0.5 && confidence < 1)) {
    throw new OptionError("adaptiveConsistency.confidence", confidence, "Give a number between 0.5 and 1.");
  }
  requireInteger("adaptiveConsistency.maxSamples", maxSamples, 1);
  const isSure = ({ samples }: Arm): boolean => {
    const [first, second] = countVotes(samples.map(({ answer }) => answer));
    return leaderProbability(first?.count ?? 0, second?.count ?? 0) >= confidence;
  };
  return {
    ...uniform(),
    name: "adaptiveConsistency",
    // One after another: what is in flight may settle it.
    isSettled: (arm) => arm.inFlight > 0 || arm.samples.length >= maxSamples || isSure(arm),
    judge: (arm) => ({ isFull: arm.samples.length >= maxSamples && !isSure(arm) }),
  };
}

/**
 * P(x > 1/2) for x ~ Beta(a + 1, b + 1): the chance that the answer with `a` votes
 * is more frequent than the one with `b`. As a sum over a fair coin's tosses:
 * sum for k = 0..a of C(a + b + 1, k) / 2^(a + b + 1).
 */
export function leaderProbability(a: number, b: number): number {
  const tosses = a + b + 1;
  // In logarithms, because 2^-tosses underflows.
  let logTerm = -tosses * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= a; k++) {
    logTerm += Math.log((tosses - k + 1) / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}
