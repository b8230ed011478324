import { plainText } from "./plain_text.js";
import { canonicalNumber } from "./rational.js";

const DECIMAL = String.raw`(?:(?<!\d)[1-9]\d{0,2}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?`;

/** A sign counts only where no number or word stands before it: `5-3` holds 5 and 3. */
const SIGN = String.raw`(?:(?<![\w)\].])[+\-−])?`;

const NUMBER = new RegExp(String.raw`${SIGN}(?:${DECIMAL})|(?<![\w.])[+\-−]?\.\d+`, "g");

/** What the last decimal may be the end of: a fraction (but not a date such as 3/4/2024) or scientific notation. */
const ENDINGS = [
  String.raw`${SIGN}(?:\d{1,3} ?)?\\[dtc]?frac ?\{-?${DECIMAL}\} ?\{-?${DECIMAL}\}$`,
  String.raw`(?<![\d./] ?)${SIGN}(?:\d{1,3} )?${DECIMAL} ?/ ?${DECIMAL}$`,
  String.raw`${SIGN}${DECIMAL} ?(?:\\times|\\cdot|×|·|\*|(?<= )x(?= )) ?10 ?\^ ?(?:\{[+\-−]?\d+\}|\d)$`,
  String.raw`${SIGN}\d+(?:\.\d+[eE][+-]?|[eE][+-])\d+$`,
].map((form) => new RegExp(form));

/** How far back such an ending may start, in characters. */
const LONGEST_ENDING = 100;

/**
 * The last number in the text: a decimal, a fraction of two, or one in scientific
 * notation, in canonical form; `null` if there is none.
 */
export function lastNumber(text: string): string | null {
  const plain = plainText(text);
  let last: RegExpExecArray | null = null;
  for (const number of plain.matchAll(NUMBER)) last = number;
  if (last === null) return null;
  const end = last.index + last[0].length + (plain[last.index + last[0].length] === "}" ? 1 : 0);
  return ending(plain.slice(Math.max(0, end - LONGEST_ENDING), end)) ?? canonicalNumber(last[0]);
}

function ending(text: string): string | null {
  for (const form of ENDINGS) {
    const found = form.exec(text)?.[0];
    const number =
      found && canonicalNumber(found.replace(/\\[dtc]frac/, "\\frac").replace(/ ?([\\{^}]) ?/g, "$1"));
    if (number) return number;
  }
  return null;
}
