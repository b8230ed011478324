import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { FEWEST_VOTES } from "../langchain/review.js";
import { binomialUpper } from "./statistics.js";
import { requireAnswers } from "./trust.js";
import type { JudgedAnswer } from "./trust.js";

/** Options of `fitThreshold()`; only `errorRate` is required. */
export interface ThresholdOptions {
  /** Most wrong answers, as a share of those that stand; above 0 and below 1. */
  errorRate: number;
  /** Chance that the promise holds, above 0 and below 1. Default 0.95. */
  confidence?: number;
  /**
   * The thresholds to choose from, in [0, 1], decided on before the answers were looked
   * at; the fewer, the fewer examples are needed. Default 0, 0.1, 0.2 and so on to 1.
   */
  thresholds?: readonly number[];
  /** `votesBelow` of the option `review`: answers with fewer votes never stand. Default that of `review`, 2. */
  votesBelow?: number;
}

/** A threshold of agreement, and what is promised of it. */
export interface FittedThreshold {
  /**
   * For the option `review`: the lowest threshold at which the error rate is shown to be
   * kept. `null` if these examples show it of none: they are too few, or no agreement is enough.
   */
  agreementBelow: number | null;
  /** Likewise; the promise is that of both together. */
  votesBelow: number;
  /** Upper bound of the error rate of what stands, at the wanted confidence; 1 if nothing does. */
  errorBound: number;
  /** Of the examples: the share that stands, and the share of wrong ones in it. */
  coverage: number;
  errorRate: number;
}

/**
 * The lowest agreement from which on answers can stand without a person, so that, at
 * the wanted confidence, no more than `errorRate` of those that stand are wrong.
 *
 * Every threshold gets the exact upper bound of its error rate (Clopper and Pearson
 * 1934), at a level divided by the number of thresholds, so that the promise holds
 * whichever is chosen: the Bonferroni form of "Learn then Test" (Angelopoulos et al.
 * 2021, arXiv 2110.01052); the promise is that of selective classification with
 * guaranteed risk (Geifman and El-Yaniv 2017, arXiv 1705.08500). It holds for inputs
 * drawn like the examples, and answered by the same model, method and budget: another
 * number of samples makes another agreement. Answers stand as under the option `review`:
 * none without a vote for it, and none with fewer votes than `votesBelow`.
 *
 * @param answers one for each question: further answers to the same are no further examples
 * @throws {OptionError} if an option is unknown or out of range, there is no answer, or
 *   a question is answered twice
 */
export function fitThreshold(answers: readonly JudgedAnswer[], options: ThresholdOptions): FittedThreshold {
  if (typeof options !== "object" || options === null)
    throw new OptionError("fitThreshold.options", options, "Give { errorRate: 0.05 }, for example.");
  requireKnownKeys("fitThreshold", options, ["errorRate", "confidence", "thresholds", "votesBelow"]);
  requireAnswers("fitThreshold.answers", answers);
  requireEachOnce(answers);
  const { errorRate, confidence = 0.95, votesBelow = FEWEST_VOTES } = options;
  const { thresholds = Array.from({ length: 11 }, (_, tenths) => tenths / 10) } = options;
  requireOpenShare("fitThreshold.errorRate", errorRate);
  requireOpenShare("fitThreshold.confidence", confidence);
  requireInteger("fitThreshold.votesBelow", votesBelow, 1);
  if (!Array.isArray(thresholds) || thresholds.length === 0 || !thresholds.every(isShare))
    throw new OptionError("fitThreshold.thresholds", thresholds, "Give numbers from 0 to 1, at least one.");
  const level = 1 - (1 - confidence) / new Set(thresholds).size;
  for (const threshold of thresholds.toSorted((a, b) => a - b)) {
    const kept = answers.filter(
      ({ agreement, votes }) => agreement > 0 && agreement >= threshold && votes >= votesBelow,
    );
    const wrong = kept.filter(({ correct }) => !correct).length;
    const errorBound = binomialUpper(wrong, kept.length, level);
    if (errorBound > errorRate) continue;
    return {
      agreementBelow: threshold,
      votesBelow,
      errorBound,
      coverage: kept.length / answers.length,
      errorRate: wrong / kept.length,
    };
  }
  return { agreementBelow: null, votesBelow, errorBound: 1, coverage: 0, errorRate: Number.NaN };
}

function requireEachOnce(answers: readonly JudgedAnswer[]): void {
  const known = new Set<string>();
  for (const { question } of answers) {
    if (known.has(question)) {
      const fix = "It is answered twice. Give one answer for each question, such as judgedAnswers([run]).";
      throw new OptionError("fitThreshold.answers.question", question, fix);
    }
    known.add(question);
  }
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function requireOpenShare(option: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value < 1) return;
  throw new OptionError(option, value, "Give a number above 0 and below 1, such as 0.05.");
}
