import type { Arm, Sample } from "../core/types.js";

/** How the answers of one arm are spread. */
export interface AnswerCounts {
  /** Votes of every answer that was read, most first. Failed calls are no votes. */
  votes: readonly number[];
  /** Samples asked for an answer: those that brought none count too, feedback and scores do not. */
  total: number;
  /** Output tokens of the samples that reported them. */
  tokens: number;
  /** How many did. */
  told: number;
}

interface Count extends AnswerCounts {
  /** Samples that are counted so far. */
  length: number;
  byAnswer: Map<string, number>;
}

/** Allocators ask for every arm in every round, and most arms have little that is new. */
const counted = new WeakMap<readonly Sample[], Count>();

/** @param samples the samples of an arm; the list may only grow */
export function answerCounts(samples: readonly Sample[]): AnswerCounts {
  const before = counted.get(samples);
  if (before?.length === samples.length) return before;
  const { length, byAnswer, ...known } = before ?? {
    length: 0,
    byAnswer: new Map<string, number>(),
    total: 0,
    tokens: 0,
    told: 0,
  };
  let { total, tokens, told } = known;
  for (const { purpose, error, answer, usage } of samples.slice(length)) {
    if (usage.outputTokens !== undefined) {
      tokens += usage.outputTokens;
      told += 1;
    }
    if (purpose === "answer") total += 1;
    if (purpose === "answer" && error === undefined && answer !== null)
      byAnswer.set(answer, (byAnswer.get(answer) ?? 0) + 1);
  }
  const votes = [...byAnswer.values()].toSorted((a, b) => b - a);
  const count = { votes, total, tokens, told, length: samples.length, byAnswer };
  counted.set(samples, count);
  return count;
}

/** Samples of the batch's mean that the expected cost of a question starts from. */
const PRIOR_SAMPLES = 2;

/**
 * Output tokens that the next sample of an arm is expected to take, over the mean of
 * the batch: its own mean, drawn towards that one. 1 where tokens are unknown.
 */
export function expectedCost({ samples }: Arm, meanOutputTokens: number | null): number {
  if (meanOutputTokens === null) return 1;
  const { tokens, told } = answerCounts(samples);
  return (tokens + PRIOR_SAMPLES * meanOutputTokens) / (told + PRIOR_SAMPLES) / meanOutputTokens;
}
