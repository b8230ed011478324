import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import type { AllocationContext, Allocator, Arm } from "../core/types.js";
import { answerCounts, expectedCost } from "./answer_counts.js";
import { urnIndex } from "./polya_urn.js";
import { rankedBy } from "./ranked.js";

/** What the vote index knows of a question. Fractions are fine, for votes that count less than one. */
export interface VoteCounts {
  /** Votes of the most frequent answer. */
  first: number;
  /** Votes of the next one; 0 if there is none. */
  second: number;
  /** Samples that were to vote, those without a readable answer included. */
  total: number;
}

/** What turns counts into an index. */
export interface VoteIndexShape {
  /**
   * How fast a question fades as its votes scatter over further answers, at least
   * 0: the exponent of the share of the two leading ones. Default 1.5, between
   * the exact values for agreement with the infinite vote (1) and for the chance
   * that the chosen answer comes up (2).
   */
  kappa?: number;
  /** Votes that an answer not seen yet stands for, at least a millionth. Default 0.2. */
  alpha?: number;
}

/** Options of `voteIndex()`. */
export interface VoteIndexOptions extends VoteIndexShape {
  /**
   * Share of the arms that get a unit in each round, in (0, 1]. The smaller, the more is known
   * at each choice. Default 0.05; where `maxConcurrency` limits the calls, 0.01, or as many arms as
   * fill the slots, up to 0.05: see `ranked()`.
   */
  roundShare?: number;
  /**
   * An arm whose index is below this price is settled: it gets no more samples
   * (`stopReason` "settled", with `lastIndex` and `lastPrice` in its record), others may have them, and if all arms are settled the rest
   * of the budget is not spent: `budget` of the record tells what was planned and what
   * was spent. At least 0. Default 0: none is settled. Rule of thumb from B = 4 up:
   * 0.13 / B^2 for an average of B samples; measured (`RESULTS.md`), that gives 0.3 to 0.5 B on
   * an easy set, 0.7 to 0.9 B on hard ones, up to 4 B on a hopeless question. A price above
   * 0.0295 settles a question with its first answer. With a price, a question gets no new unit
   * while samples of it are in flight, whatever the schedule: they may settle it.
   */
  price?: number;
  /**
   * Most samples of one arm; a unit that is under way is not cut. An arm that has them and
   * is not settled by `price` has the `stopReason` "samples". Default: no limit.
   */
  maxSamples?: number;
  /**
   * What votes. Default: every answer is one vote, conditioned ones too: measured,
   * their weight lies between 0.65 and 1.05 (`RESULTS.md`); a model that copies the
   * attempts it reads may need less. Failed calls count in `total` alone.
   */
  counts?: (arm: Arm) => VoteCounts;
}

const DEFAULT_INDEX_SHARE = 0.05;
const LIMITED_INDEX_SHARE = 0.01;
/** Beside whole votes, less than this is lost to rounding. */
const LEAST_ALPHA = 1e-6;

/**
 * Units go to the questions whose vote gains most from the next sample: the
 * optimal-stopping index of the majority vote, needing only the sampled answers. A
 * clear lead makes it small, and so do votes that scatter without a leader, so
 * hopeless questions fade by themselves. To be used with small units
 * (`unitSamples` 1 or 2). See `voteIndexOf` for the formula.
 *
 * The index is divided by 1 + the question's samples in flight and, where a limit in
 * tokens or dollars is what is shared, by what a sample of it is expected to cost: output
 * tokens over the mean of the batch. Where samples alone are limited, all cost the same;
 * measured, the divisor then loses up to 0.9 points (`RESULTS.md`).
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function voteIndex(options: VoteIndexOptions = {}): Allocator {
  requireKnownKeys("voteIndex", options, ["kappa", "alpha", "roundShare", "price", "maxSamples", "counts"]);
  const { kappa, alpha, roundShare, price = 0, maxSamples = Infinity, counts = answersOf } = options;
  requireNumber("kappa", kappa ?? 0, kappa === undefined || kappa >= 0, "of at least 0");
  requireNumber("alpha", alpha ?? 1, (alpha ?? 1) >= LEAST_ALPHA, `of at least ${LEAST_ALPHA}`);
  requireNumber("price", price, price >= 0, "of at least 0");
  if (maxSamples !== Infinity) requireInteger("voteIndex.maxSamples", maxSamples, 1);
  const shape = { ...(kappa !== undefined && { kappa }), ...(alpha !== undefined && { alpha }) };
  const indexOf = (arm: Arm): number => voteIndexOf(counts(arm), shape) / (1 + arm.inFlight);
  const rank = (arm: Arm, meanOutputTokens: number | null): number =>
    indexOf(arm) / expectedCost(arm, meanOutputTokens);
  const named = {
    name: "voteIndex",
    priority: (arm: Arm, { meanOutputTokens }: AllocationContext) => rank(arm, meanOutputTokens),
    ranking: { level: () => 0, rank },
  };
  return {
    ...rankedBy(named, roundShare, DEFAULT_INDEX_SHARE, LIMITED_INDEX_SHARE),
    isSettled: (arm) =>
      arm.samples.length + arm.inFlight >= maxSamples ||
      // What is in flight may settle it.
      (price > 0 && (arm.inFlight > 0 || indexOf(arm) < price)),
    judge: (arm) => {
      const index = indexOf(arm);
      const isFull = arm.samples.length >= maxSamples && index >= price;
      return { isFull, ...(price > 0 && { index, price }) };
    },
  };
}

/**
 * The index of a question: what the next sample is worth to its vote, as gain in
 * the chance of the elected answer per sample.
 *
 *     M^kappa * g(first, second),    M = (first + second) / (total + alpha)
 *
 * With a Dirichlet prior, M is the posterior mass of the two leading answers; a
 * sample matters to the vote only if it falls on one of them, and given that it is
 * a draw from a Polya urn, whose index g is in `polya_urn.ts`. The mass enters
 * once because only such samples move the urn, and once more where what is gained
 * is a share of the mass. An answer not seen yet stands for `alpha` votes, so a
 * unanimous vote can still be overturned. Where nothing could be read, a sample
 * is worth g(1, 1) / (1 + total): a response that never comes to an answer fades.
 *
 * @returns from 0 to 1/6, for whole votes
 */
export function voteIndexOf(
  { first, second, total }: VoteCounts,
  { kappa = 1.5, alpha = 0.2 }: VoteIndexShape = {},
): number {
  if (first <= 0) return urnIndex(1, 1) / (1 + total);
  const rival = Math.max(second, alpha);
  const mass = Math.min(1, (first + rival) / (total + alpha));
  return mass ** kappa * urnIndex(first, rival);
}

/** Every answer is a vote. A failed call is none, but it did cost a sample, so it counts in the total. */
function answersOf({ samples }: Arm): VoteCounts {
  const { votes, total } = answerCounts(samples);
  return { first: votes[0] ?? 0, second: votes[1] ?? 0, total };
}

function requireNumber(option: string, value: number, isInRange: boolean, range: string): void {
  if (!Number.isFinite(value) || !isInRange)
    throw new OptionError(`voteIndex.${option}`, value, `Give a finite number ${range}.`);
}
