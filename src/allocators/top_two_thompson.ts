import { OptionError, requireKnownKeys } from "../core/errors.js";
import type { Allocator, Random } from "../core/types.js";
import { answerCounts } from "./answer_counts.js";
import { ranked } from "./ranked.js";
import type { RankedOptions } from "./ranked.js";

/** Options of `topTwoThompson()`. */
export interface TopTwoThompsonOptions extends Pick<RankedOptions, "roundShare"> {
  /** Votes that each of the two answers has before the first sample, above 0. Default 1. */
  alpha?: number;
}

/**
 * Top-two Thompson sampling (Russo 2016, arXiv 1602.08448), carried over from the
 * arms of one bandit to the questions of a batch: in every round the shares of the
 * two leading answers of each question are drawn from their posterior, and units
 * go to the questions in which the second is furthest ahead of the first.
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function topTwoThompson(options: TopTwoThompsonOptions = {}): Allocator {
  requireKnownKeys("topTwoThompson", options, ["roundShare", "alpha"]);
  const { roundShare, alpha = 1 } = options;
  if (typeof alpha !== "number" || !(alpha > 0 && alpha < Infinity))
    throw new OptionError("topTwoThompson.alpha", alpha, "Give a finite number above 0.");
  const { priority: _drawn, ...ranks } = ranked({
    name: "topTwoThompson",
    roundShare,
    priority({ samples, inFlight }, { random }) {
      const { votes, total } = answerCounts(samples);
      const [first = 0, second = 0] = votes;
      const share = drawBeta(first + alpha, second + alpha, random);
      const mass = (first + second + 2 * alpha) / (total + 2 * alpha);
      const ahead = mass * (1 - 2 * share);
      return ahead > 0 ? ahead / (1 + inFlight) : ahead * (1 + inFlight);
    },
  });
  // Without `priority`: a drawn number explains nothing, and reading it again would draw another.
  return ranks;
}

/** One draw of Beta(a, b), as the first of two gamma variables over their sum. */
export function drawBeta(a: number, b: number, random: Random): number {
  const first = drawGamma(a, random);
  const second = drawGamma(b, random);
  return first + second > 0 ? first / (first + second) : a / (a + b);
}

/** One draw of Gamma(shape, 1), by rejection from a cubed normal variable (Marsaglia and Tsang 2000). */
function drawGamma(shape: number, random: Random): number {
  // Below 1 the method does not hold; Gamma(s) = Gamma(s + 1) * U^(1/s).
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const cube = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (cube <= 0) continue;
    if (Math.log(1 - random()) < (normal * normal) / 2 + d * (1 - cube + Math.log(cube))) return d * cube;
  }
}
