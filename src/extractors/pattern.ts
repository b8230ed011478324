import { OptionError } from "../core/errors.js";
import { canonicalAnswer } from "./canonical.js";

/**
 * An extractor for the last match of a regular expression: its first group, or
 * the whole match if it has no group. No match: `null`.
 *
 * @throws {OptionError} if `expression` is no regular expression
 */
export function pattern(expression: RegExp): (text: string) => string | null {
  if (!(expression instanceof RegExp)) {
    throw new OptionError(
      "pattern.expression",
      expression,
      "Give a regular expression, such as /Label: (\\w+)/.",
    );
  }
  const flags = expression.flags.replace("y", "");
  const all = new RegExp(expression.source, flags.includes("g") ? flags : `${flags}g`);
  return (text) => {
    const last = [...text.matchAll(all)].at(-1);
    return last === undefined ? null : canonicalAnswer(last.length > 1 ? (last[1] ?? "") : last[0]);
  };
}
