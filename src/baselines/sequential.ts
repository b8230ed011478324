import { uniform } from "../allocators/uniform.js";
import { byFeedback, byFeedbackScored, refinement, triggered } from "../samplers/refinement.js";
import type { RefinementStep } from "../samplers/refinement.js";
import { chainEnds, majorityOf } from "../voting/majority.js";
import { scoreWeighted } from "../voting/score_weighted.js";
import type { Recipe } from "./recipe.js";

/**
 * The sequential baselines of section 4.1. Each question gets as many chains as its
 * even share of the budget holds, and plain samples for what is left over; the last
 * answer of every chain votes. The budget counts calls, feedback and scores included.
 */
function chainsOf(steps: readonly RefinementStep[]): Pick<Recipe, "sampler" | "allocator"> & {
  unitSamples: number;
} {
  return { sampler: refinement({ steps }), allocator: uniform(), unitSamples: 1 + steps.length };
}

/** SP1: a response, then a second look set off by a trigger word (s1, arXiv 2501.19393); majority vote. */
export function sp1(): Recipe {
  return { ...chainsOf(triggered), voting: majorityOf({ voters: chainEnds }) };
}

/**
 * SP2: a response, feedback on it, a refined response; majority vote. After SETS (arXiv
 * 2501.19306), which besides stops refining once its check calls the response correct, and
 * prefers chains that passed it; here every chain is refined once, and all vote.
 */
export function sp2(): Recipe {
  return { ...chainsOf(byFeedback), voting: majorityOf({ voters: chainEnds }) };
}

/** SP3: as SP2, then the model scores its refined response, and the vote weighs by the scores. */
export function sp3(): Recipe {
  return { ...chainsOf(byFeedbackScored), voting: scoreWeighted };
}
