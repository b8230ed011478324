import type { UncertaintyMeasure } from "../core/types.js";
import { countVotes } from "../core/votes.js";

/**
 * One minus the lead of the most frequent answer over the next:
 * u = 1 - (first - second) / n. The paper names the measure (section 4.3) and
 * gives no formula. Unreadable responses count in n, and each is a class of its own.
 */
export const inverseMargin: UncertaintyMeasure = (answers) => {
  const [first, second] = countVotes(answers);
  const runnerUp = Math.max(second?.count ?? 0, answers.includes(null) ? 1 : 0);
  const lead = Math.max(0, (first?.count ?? 0) - runnerUp);
  return answers.length === 0 ? 1 : 1 - lead / answers.length;
};
