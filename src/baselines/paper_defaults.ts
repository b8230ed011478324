import { DEFAULT_ROUND_SHARE } from "../allocators/ranked.js";
import { ucb } from "../allocators/ucb.js";
import type { UcbOptions } from "../allocators/ucb.js";
import type { Schedule } from "../core/solve.js";
import type { MethodFields } from "../method.js";
import { bare } from "../prompts/bare.js";
import { integrated } from "../samplers/integrated.js";
import type { IntegratedOptions } from "../samplers/integrated.js";
import { variationRatio } from "../uncertainty/variation_ratio.js";
import { majority } from "../voting/majority.js";

/** Its options of `integrated()`. */
export const PAPER_CHAIN: IntegratedOptions = { thoughtLength: 4, prompt: bare };

/** Its options of `ucb()`. */
export const PAPER_BANDIT: UcbOptions = { explorationRatio: 1 / 4, roundShare: DEFAULT_ROUND_SHARE };

/**
 * DynScaling as the paper states it (arXiv 2506.16043, Algorithms 1 to 3 with the
 * values of section 4.1), whatever the defaults of this package are or become: units of
 * 4 independent samples and 4 conditioned on the bare concatenation of all 4 in a random
 * order, variation ratio, UCB with c = 1/4, rounds, a majority over all samples.
 *
 * Left open by the paper, and chosen here: how many questions the "subset with top-ranked"
 * priorities of a round holds (a quarter; `ucb({ roundShare: 1e-9 })` is one a round), the
 * words around a chain (`bare`), the logarithm (the natural one), and ties of the vote
 * (the answer given first). A unit of 8 "yields 4 predicted answers" in one place of the
 * paper, where Algorithm 1 counts all 8: `voting: majorityOf({ voters: conditionedOnly })`
 * is the other reading.
 */
export function paperDefaults(): Required<MethodFields> & { schedule: Schedule } {
  return {
    sampler: integrated(PAPER_CHAIN),
    allocator: ucb(PAPER_BANDIT),
    uncertainty: variationRatio,
    voting: majority,
    unitSamples: 8,
    schedule: "rounds",
  };
}
