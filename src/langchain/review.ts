import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import type { Sample, Vote } from "../core/types.js";

/** When a result is for a person to look at. */
export interface ReviewFields {
  /**
   * Agreement below which it is, from 0 to 1. What a value is worth differs
   * by model, task and budget: `fitThreshold()` of `langchain-dynscaling/evaluation`
   * finds one from labelled examples.
   */
  agreementBelow: number;
  /** Number of votes below which it is, whatever they say: one vote always agrees with itself. Default 2. */
  votesBelow?: number;
}

/** One answer as a reviewer sees it. */
export interface Candidate extends Vote {
  /** Share of the votes, in (0, 1]. */
  share: number;
  /** Place among the samples of the response that is its example. */
  sample: number;
  /** What that response said. */
  example: string;
}

/** What a reviewer needs to know. */
export interface Review {
  /** Too little agreement, too few votes, or no vote for the answer at all. */
  reason: "agreement" | "votes" | "noAnswer";
  /** Most votes (or the most weight) first. */
  candidates: readonly Candidate[];
}

/** Fewest votes of an answer that may stand, unless the user says otherwise. */
export const FEWEST_VOTES = 2;

/** @throws {OptionError} if an option is unknown or out of range */
export function requireReview(review: ReviewFields): void {
  requireKnownKeys("review", review, ["agreementBelow", "votesBelow"]);
  const { agreementBelow, votesBelow = FEWEST_VOTES } = review;
  if (!(typeof agreementBelow === "number" && agreementBelow >= 0 && agreementBelow <= 1)) {
    const fix = "Give a share of the votes from 0 to 1, such as 0.6.";
    throw new OptionError("review.agreementBelow", agreementBelow, fix);
  }
  requireInteger("review.votesBelow", votesBelow, 1);
}

/**
 * `null` if the answer may stand.
 *
 * @param agreement of the answer, which may have been put together from several
 */
export function reviewOf(
  { agreementBelow, votesBelow = FEWEST_VOTES }: ReviewFields,
  { agreement, votes }: { agreement: number | null; votes: readonly Vote[] },
  samples: readonly Sample[],
): Review | null {
  const cast = votes.reduce((sum, { count }) => sum + count, 0);
  let reason: Review["reason"];
  if (agreement === null) reason = "noAnswer";
  else if (cast < votesBelow) reason = "votes";
  else if (agreement < agreementBelow) reason = "agreement";
  else return null;
  const candidates = votes.flatMap((vote) => {
    const own = samples.filter(({ error, answer: each }) => error === undefined && each === vote.answer);
    // Of a group of texts, the one that stands for it.
    const example = own.find(({ text }) => text.trim() === vote.answer) ?? own[0];
    if (example === undefined) return [];
    return [{ ...vote, share: vote.count / cast, sample: example.index, example: example.text }];
  });
  return { reason, candidates };
}
