import { canonicalAnswer } from "./canonical.js";

/** A sign counts only where no number or word stands before it: `5-3` holds 5 and 3. */
const NUMBER = /(?:(?<![\w)\].])[+\-−])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])[+\-−]?\.\d+/g;

/** The last decimal number in the text, thousands separators removed; `null` if there is none. */
export function lastNumber(text: string): string | null {
  let last: string | null = null;
  for (const [number] of text.matchAll(NUMBER)) last = number;
  return last === null ? null : canonicalAnswer(last);
}
