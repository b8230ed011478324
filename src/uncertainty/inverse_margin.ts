import type { UncertaintyMeasure } from "../core/types.js";
import { countVotes } from "../core/votes.js";

/**
 * One minus the lead of the most frequent answer over the next:
 * u = 1 - (first - second) / n. The paper names the measure (section 4.3) and
 * gives no formula. Unreadable responses count in n.
 */
export const inverseMargin: UncertaintyMeasure = (answers) => {
  const [first, second] = countVotes(answers);
  const lead = (first?.count ?? 0) - (second?.count ?? 0);
  return answers.length === 0 ? 1 : 1 - lead / answers.length;
};
