import type { UncertaintyMeasure } from "../core/types.js";
import { countVotes } from "../core/votes.js";

/**
 * Shannon entropy of the answers over its largest possible value:
 * u = -sum p ln p / ln n, with n the number of responses. The paper names the
 * measure (section 4.3) and gives no formula; dividing by ln n, not by the log
 * of the number of distinct answers, keeps an even split of two answers below a
 * full scatter. Each unreadable response is a class of its own, so that a
 * question that yields nothing readable is uncertain. One readable response: 0.
 */
export const normalizedEntropy: UncertaintyMeasure = (answers) => {
  const total = answers.length;
  if (total === 0) return 1;
  const unreadable = answers.filter((answer) => answer === null).length;
  if (total === 1) return unreadable;
  const classes = [...countVotes(answers).map(({ count }) => count), ...Array<number>(unreadable).fill(1)];
  const entropy = classes.reduce((sum, count) => sum - (count / total) * Math.log(count / total), 0);
  return Math.min(1, entropy / Math.log(total));
};
