import type { UncertaintyMeasure } from "../core/types.js";
import { countVotes } from "../core/votes.js";

/**
 * Share of the responses that are not the most frequent answer:
 * u = 1 - max count / n (section 3.4). Unreadable responses count in n.
 */
export const variationRatio: UncertaintyMeasure = (answers) => {
  const [first] = countVotes(answers);
  return answers.length === 0 ? 1 : 1 - (first?.count ?? 0) / answers.length;
};
