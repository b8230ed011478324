import { OptionError, requireInteger } from "../core/errors.js";
import { shareOf } from "../core/votes.js";
import { proportion } from "./statistics.js";
import type { Proportion } from "./statistics.js";
import type { Run } from "./run.js";
import { sameAnswer } from "./scores.js";
import type { Grader } from "./scores.js";

/** One answer with what it claims and what it is worth. */
export interface JudgedAnswer {
  /** What was asked, by any name: several answers to one question tell less than as many questions. */
  question: string;
  /** Share of the answer among the votes, in [0, 1]; 0 if nothing voted. */
  agreement: number;
  /** Number (or weight) of all votes cast, at least 0. */
  votes: number;
  /** Whether it is right; no answer is not. */
  correct: boolean;
}

/** Options of `judgedAnswers()`. */
export interface JudgedOptions {
  /** Default `sameAnswer`. */
  isCorrect?: Grader;
  /** Place among the checkpoints of the runs, from 0. Default: the last. */
  checkpoint?: number;
}

/**
 * The answers of runs of one method, each with its agreement; questions without a gold
 * answer are left out. Runs with several seeds give several answers to a question.
 */
export function judgedAnswers(runs: Iterable<Run>, options: JudgedOptions = {}): JudgedAnswer[] {
  const { isCorrect = sameAnswer, checkpoint } = options;
  return Array.from(runs).flatMap(({ questions }) =>
    questions.flatMap(({ id, gold, standings }) => {
      const standing = standings.at(checkpoint ?? -1);
      if (gold === null || !standing) return [];
      const { answer, votes } = standing;
      const correct = answer !== null && isCorrect(answer, gold);
      const cast = votes.reduce((sum, { count }) => sum + count, 0);
      return [{ question: id, agreement: shareOf(answer, votes) ?? 0, votes: cast, correct }];
    }),
  );
}

/** What answers are worth if all with less agreement go to a person. */
export interface RiskPoint {
  /** Answers with at least this agreement stand. */
  threshold: number;
  /** Share of the answers that stand. */
  coverage: Proportion;
  /** Share of wrong ones among those that stand. */
  risk: Proportion;
}

/** Risk against coverage. */
export interface RiskCoverage {
  /** One point for each agreement that occurs, the highest first: coverage grows from point to point. */
  points: readonly RiskPoint[];
  /** Area below the curve: mean risk over all coverages, in [0, 1]; answers that agree alike come in any order. */
  area: number;
}

/**
 * The risk-coverage curve (El-Yaniv and Wiener 2010): how many of the answers that
 * stand are wrong, for every agreement from which on they might. The lower the better.
 * The intervals are over questions, however many answers there are to each.
 */
export function riskCoverage(answers: readonly JudgedAnswer[]): RiskCoverage {
  requireAnswers("riskCoverage.answers", answers);
  const levels = [...new Set(answers.map(({ agreement }) => agreement))].toSorted((a, b) => b - a);
  const points = levels.map((threshold) => {
    const isKept = ({ agreement }: JudgedAnswer): boolean => agreement >= threshold;
    return {
      threshold,
      coverage: shareOver(answers, isKept),
      risk: shareOver(answers.filter(isKept), ({ correct }) => !correct),
    };
  });
  let area = 0;
  let before = { kept: 0, wrong: 0 };
  for (const threshold of levels) {
    const now = keptAt(answers, threshold);
    const slope = (now.wrong - before.wrong) / (now.kept - before.kept);
    for (let kept = before.kept + 1; kept <= now.kept; kept++)
      area += (before.wrong + slope * (kept - before.kept)) / kept / answers.length;
    before = now;
  }
  return { points, area };
}

/** Answers whose agreement is alike. */
export interface CalibrationBin {
  /** Agreements above `from`, in the first bin also equal to it, and up to `to`. */
  from: number;
  to: number;
  /** Their mean agreement; NaN of none. */
  agreement: number;
  /** Share of right ones. */
  accuracy: Proportion;
}

/** How far agreement may be read as a probability of being right. */
export interface Calibration {
  bins: readonly CalibrationBin[];
  /** Expected calibration error: mean distance of agreement and accuracy over the bins, by their size; in [0, 1]. */
  expectedError: number;
  /** Mean of agreement minus accuracy over all answers: above 0, answers agree more often than they are right. */
  overconfidence: number;
  /** Brier score: mean squared distance of agreement and truth, in [0, 1]. */
  brier: number;
}

/**
 * Reliability diagram and expected calibration error (Naeini et al. 2015) of
 * agreement against truth, over bins of equal width; the intervals are over questions.
 *
 * @param bins number of bins, at least 1
 */
export function calibrationOf(answers: readonly JudgedAnswer[], bins = 10): Calibration {
  requireInteger("calibrationOf.bins", bins, 1);
  requireAnswers("calibrationOf.answers", answers);
  const members = Array.from({ length: bins }, (): JudgedAnswer[] => []);
  // Written as k / bins, a bound is the same number as an agreement of that value.
  const binOf = (agreement: number): number =>
    members.findIndex((_, place) => agreement <= (place + 1) / bins);
  for (const answer of answers) members[binOf(answer.agreement)]?.push(answer);
  const found = members.map((own, place): CalibrationBin => ({
    from: place / bins,
    to: (place + 1) / bins,
    agreement: mean(own.map(({ agreement }) => agreement)),
    accuracy: shareOver(own, ({ correct }) => correct),
  }));
  const gaps = found.map(({ agreement, accuracy }, place) => {
    const size = members[place]?.length ?? 0;
    return size === 0 ? 0 : (Math.abs(agreement - accuracy.share) * size) / answers.length;
  });
  return {
    bins: found,
    expectedError: gaps.reduce((sum, gap) => sum + gap, 0),
    overconfidence: mean(answers.map(({ agreement, correct }) => agreement - Number(correct))),
    brier: mean(answers.map(({ agreement, correct }) => (agreement - Number(correct)) ** 2)),
  };
}

/** Answers that stand at a threshold, and how many of them are wrong. */
function keptAt(answers: readonly JudgedAnswer[], threshold: number): { kept: number; wrong: number } {
  const kept = answers.filter(({ agreement }) => agreement >= threshold);
  return { kept: kept.length, wrong: kept.filter(({ correct }) => !correct).length };
}

/**
 * The share of answers of which something is true, with an interval that counts
 * questions: as many as they are worth if all answers to one are alike, which is the
 * worst case (Kish's effective sample size, 1965).
 */
function shareOver(answers: readonly JudgedAnswer[], isTrue: (answer: JudgedAnswer) => boolean): Proportion {
  const sizes = new Map<string, number>();
  for (const { question } of answers) sizes.set(question, (sizes.get(question) ?? 0) + 1);
  const hits = answers.filter(isTrue).length;
  if (answers.length === 0) return proportion(0, 0);
  const squares = [...sizes.values()].reduce((sum, size) => sum + size * size, 0);
  const effective = (answers.length * answers.length) / squares;
  const { low, high } = proportion((hits * effective) / answers.length, effective);
  return { share: hits / answers.length, low, high, total: sizes.size };
}

/** @throws {OptionError} unless there is an answer, every agreement is a share, and votes are counted */
export function requireAnswers(option: string, answers: readonly JudgedAnswer[]): void {
  if (!Array.isArray(answers) || answers.length === 0)
    throw new OptionError(option, answers, "Give a list of at least one judged answer.");
  for (const { question, agreement, votes, correct } of answers as readonly JudgedAnswer[]) {
    if (typeof question !== "string")
      throw new OptionError(`${option}.question`, question, "Give the question, or its id, as a text.");
    if (!(agreement >= 0 && agreement <= 1))
      throw new OptionError(`${option}.agreement`, agreement, "Give a share from 0 to 1.");
    if (!(votes >= 0)) throw new OptionError(`${option}.votes`, votes, "Give the number of votes cast.");
    if (typeof correct !== "boolean")
      throw new OptionError(`${option}.correct`, correct, "Give true or false.");
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
