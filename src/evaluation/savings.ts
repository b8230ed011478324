import { randomStreams } from "../core/random.js";
import { RESAMPLING_SEED, middle95 } from "./bootstrap.js";
import { requireSameQuestions, spendToReach } from "./comparison.js";
import type { Curve, Spend } from "./curves.js";
import type { CheckpointScores, MethodScores } from "./scores.js";

/** What a method saves at one score. */
export interface Saving {
  /** Checkpoint of the other method that sets the score. */
  checkpoint: number;
  /** Score that the other method has there. */
  score: number;
  /** Spend of the other over spend of the method; 0 if the method never reaches the score. */
  ratio: number;
  /**
   * What `ratio` and its interval are a bound of, where nothing was measured at the score or
   * below: `atLeast` if the method was beyond it at its first checkpoint already, so that it
   * may save more; `atMost` if the other was; `unknown` if both were. `null` where the ratio
   * lies between measured points.
   */
  bound: "atLeast" | "atMost" | "unknown" | null;
  /** 95% interval of a bootstrap over questions, which are drawn for both methods alike. */
  low: number;
  high: number;
}

/** Enough for a ratio that is read with two digits. */
const RESAMPLES = 500;

/**
 * The saving ratios of a method at every score that another has at its
 * checkpoints: what the other needs to reach it for the first time, over what the
 * method needs. See `savingRatio`, of which this gives the interval too.
 * The grid of checkpoints limits it: who is beyond a score at the first one is taken to need
 * all that was spent there, so at the other's first score it mostly is a lower bound (`bound`).
 *
 * @throws {OptionError} if the two have not the same questions in the same order
 */
export function savingsOf(method: MethodScores, other: MethodScores, spend: Spend): Saving[] {
  requireSameQuestions(method, other);
  const random = randomStreams(RESAMPLING_SEED)();
  const questions = other.checkpoints[0]?.questions.length ?? 0;
  const resampled = Array.from({ length: RESAMPLES }, () => {
    const places = Array.from({ length: questions }, () => Math.floor(random() * questions));
    return ratios(drawn(method, places), drawn(other, places), spend);
  });
  const all = Array.from({ length: questions }, (_, place) => place);
  const whole = drawn(other, all);
  const own = drawn(method, all);
  return ratios(own, whole, spend).map((ratio, target) => {
    const { checkpoint, score } = whole.points[target] as Curve["points"][number];
    return {
      checkpoint,
      score: score.mean,
      ratio,
      bound: ratio === 0 ? null : boundOf(isBeyond(own, score.mean), isBeyond(whole, score.mean)),
      ...middle95(resampled.flatMap((each) => each[target] ?? [])),
    };
  });
}

/** Whether the first point lies above a score, so that nobody knows where it was reached. */
function isBeyond({ points }: Curve, score: number): boolean {
  return points[0] !== undefined && points[0].score.mean > score;
}

function boundOf(own: boolean, other: boolean): Saving["bound"] {
  if (own && other) return "unknown";
  return own ? "atLeast" : other ? "atMost" : null;
}

function ratios(curve: Curve, other: Curve, spend: Spend): number[] {
  return other.points.map(({ score }) => {
    const theirs = spendToReach(other, score.mean, spend);
    const own = spendToReach(curve, score.mean, spend);
    if (theirs === null) return Number.NaN;
    return own === null ? 0 : theirs / own;
  });
}

/** The curve over the questions at some places, without intervals. */
function drawn({ method, runs, seconds, checkpoints }: MethodScores, places: readonly number[]): Curve {
  const points = checkpoints.map((point) => {
    const sum = { samples: 0, inputTokens: 0, outputTokens: 0, score: 0, scored: 0, answered: 0 };
    for (const place of places) {
      const question = point.questions[place] as CheckpointScores["questions"][number];
      sum.samples += question.samples;
      sum.inputTokens += question.inputTokens;
      sum.outputTokens += question.outputTokens;
      sum.answered += question.answered;
      if (question.score === null) continue;
      sum.score += question.score;
      sum.scored += 1;
    }
    const mean = sum.score / sum.scored;
    return {
      checkpoint: point.checkpoint,
      samples: sum.samples / places.length,
      inputTokens: sum.inputTokens / places.length,
      outputTokens: sum.outputTokens / places.length,
      score: { mean, low: mean, high: mean, questions: sum.scored },
      noAnswer: 1 - sum.answered / places.length,
    };
  });
  return { method, runs, seconds, points };
}
