import { OptionError } from "../core/errors.js";
import { bootstrapMean, meanOf } from "./bootstrap.js";
import type { Interval } from "./bootstrap.js";
import type { Curve, Spend } from "./curves.js";
import type { CheckpointScores, MethodScores } from "./scores.js";

/** How far a method is ahead of another at the same spend. */
export interface Difference {
  checkpoint: number;
  /** Spend per question on average at which the two are compared. */
  spend: number;
  /** Score of the method minus that of the other, paired question by question. */
  difference: Interval;
}

/**
 * Compares two methods at equal spend, at every checkpoint of the first. What the
 * other had at that spend is interpolated between its two neighbouring
 * checkpoints, question by question; the interval is a paired bootstrap over
 * questions. Where the other has no such neighbours, because the two spend unlike at equal
 * budgets, they are compared at what the other spent there, if the first has neighbours of
 * that; `spend` tells. Checkpoints without either are left out.
 *
 * @throws {OptionError} if the two have not the same questions in the same order
 */
export function compareAtEqualSpend(method: MethodScores, other: MethodScores, spend: Spend): Difference[] {
  requireSameQuestions(method, other);
  return method.checkpoints.flatMap((point) => {
    const { checkpoint } = point;
    const own = differencesAt(point, other.checkpoints, spend);
    if (own !== null) return [{ checkpoint, spend: own.at, difference: bootstrapMean(own.differences) }];
    const theirs = other.checkpoints.find((each) => each.checkpoint === checkpoint);
    const turned = theirs === undefined ? null : differencesAt(theirs, method.checkpoints, spend);
    if (turned === null) return [];
    const difference = bootstrapMean(turned.differences.map((each) => -each));
    return [{ checkpoint, spend: turned.at, difference }];
  });
}

/**
 * Scores are paired by place, which says nothing unless the same question stands there.
 *
 * @throws {OptionError} that names the first place with two ids
 */
export function requireSameQuestions(method: MethodScores, other: MethodScores): void {
  const [first, ...points] = [...method.checkpoints, ...other.checkpoints];
  for (const { questions } of points) {
    const length = Math.max(questions.length, first?.questions.length ?? 0);
    for (let place = 0; place < length; place++) {
      const [there, here] = [first?.questions[place]?.id, questions[place]?.id];
      if (there === here) continue;
      throw new OptionError(
        "scores",
        `${method.method} and ${other.method}`,
        `Compare methods over the same questions in the same order; question ${place + 1} is ${there ?? "none"} in one and ${here ?? "none"} in the other.`,
      );
    }
  }
}

/** Scores at a point minus those of the other method at the same spend; `null` if that lies outside its points. */
function differencesAt(
  point: CheckpointScores,
  others: readonly CheckpointScores[],
  spend: Spend,
): { at: number; differences: number[] } | null {
  const at = spendOf(point, spend);
  const between = bracket(others, spend, at);
  if (between === null) return null;
  const { before, after, share } = between;
  const differences = point.questions.flatMap(({ score }, place) => {
    const low = before.questions[place]?.score ?? null;
    const high = after.questions[place]?.score ?? null;
    return score === null || low === null || high === null ? [] : [score - (low + share * (high - low))];
  });
  return { at, differences };
}

/**
 * How much a method saves: what `other` needs to reach a score, divided by what
 * `curve` needs, both by linear interpolation between their points, each from the
 * first point on at which the score is reached. `null` if one does not reach it.
 */
export function savingRatio(curve: Curve, other: Curve, score: number, spend: Spend): number | null {
  const own = spendToReach(curve, score, spend);
  const theirs = spendToReach(other, score, spend);
  return own === null || theirs === null ? null : theirs / own;
}

/** Spend per question at which a curve first reaches a score; `null` if it never does. */
export function spendToReach({ points }: Curve, score: number, spend: Spend): number | null {
  const place = points.findIndex((point) => point.score.mean >= score);
  const [reached, before] = [points[place], points[place - 1]];
  if (reached === undefined) return null;
  if (before === undefined) return reached[spend];
  const share = (score - before.score.mean) / (reached.score.mean - before.score.mean);
  return before[spend] + share * (reached[spend] - before[spend]);
}

function spendOf({ questions }: CheckpointScores, spend: Spend): number {
  return meanOf(questions.map((question) => question[spend]));
}

interface Bracket {
  before: CheckpointScores;
  after: CheckpointScores;
  /** Way from `before` to `after`, in [0, 1]. */
  share: number;
}

function bracket(checkpoints: readonly CheckpointScores[], spend: Spend, at: number): Bracket | null {
  const spends = checkpoints.map((point) => spendOf(point, spend));
  const place = spends.findIndex((amount) => amount >= at);
  const [after, before] = [checkpoints[place], checkpoints[Math.max(0, place - 1)]];
  if (after === undefined || before === undefined) return null;
  const [high, low] = [spends[place] as number, spends[Math.max(0, place - 1)] as number];
  if (at < low) return null;
  return { before, after, share: high === low ? 1 : (at - low) / (high - low) };
}
