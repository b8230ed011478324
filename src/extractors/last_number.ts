import { plainText } from "./plain_text.js";
import { canonicalNumber } from "./rational.js";

const DECIMAL = String.raw`(?:(?<!\d)[1-9]\d{0,2}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?`;

/** A sign counts only where no number or word stands before it: `5-3` holds 5 and 3. */
const SIGN = String.raw`(?:(?<![\w)\].])[+\-−–])?`;

const NUMBER = new RegExp(
  String.raw`${SIGN}(?:\d+ ?)?[¼½¾⅐-⅞]|${SIGN}(?:${DECIMAL})|(?<![\w.])[+\-−–]?\.\d+`,
  "g",
);

/** What the last decimal may be the end of: a fraction (but not a date such as 3/4/2024), a repeating decimal or scientific notation. */
const ENDINGS = [
  String.raw`${SIGN}(?:\d{1,3} ?)?\\[dtc]?frac ?(?:\{-?${DECIMAL}\} ?\{-?${DECIMAL}\}|\d ?\d)$`,
  String.raw`(?<![\d./] ?)${SIGN}(?:\d{1,3} )?${DECIMAL} ?/ ?${DECIMAL}$`,
  String.raw`${SIGN}${DECIMAL} ?(?:\\times|\\cdot|×|·|\*|(?<= )x(?= )) ?10 ?\^ ?(?:\{[+\-−]?\d+\}|[+\-−]?\d+)$`,
  String.raw`${SIGN}\d+(?:\.\d+[eE][+-]?|[eE][+-])\d+$`,
  String.raw`${SIGN}\d+\.\d*\\overline ?\{\d+\}$`,
].map((form) => new RegExp(form));

/** How far back such an ending may start, in characters. */
const LONGEST_ENDING = 100;

/** Where digits stand before the last ones, these are a part: of `3,50`, `1.000.000`, `12:30`, `10^6`, `1e3`, `H2O`. */
const GOES_ON_LEFT = [
  /\d[.…:'’]+$|\d[_,]$|\d\.\d*(?:\(|\\\w+ ?\{)$|\/ ?$/,
  /\d[eE][+\-−]?$|\d-\d+-$|(?<!\\[a-zA-Z]*)[a-zA-Z]$/,
  /(?:[^\W_]|[)}\]]) ?[\^_] ?\{?$/,
  /\\[dtc]?frac(?: ?\{.*\} ?\{[^{}]*| ?\{[^{}]*| ?\d?)$|(?:\\sqrt|√)(?:\[\d+\])? ?[({]?$/,
];

/** `25\pi`, `2^n`, `0.333...`. */
const GOES_ON_RIGHT = /^ ?(?:\\pi|π|\\sqrt|√|i\b|\^)/;
const WITHOUT_END = /^(?:\.{3}|…|\\[lc]?dots)/;

/** `1,2,3` is a list. */
const LIST = /(?<![\d.,])(?:\d{1,2},){2,}$/;

/** The first groups of `12 345`. */
const GROUPS = /(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})*[ \u00a0\u2009\u202f]$/;

const SQUARES =
  /(?<=\d(?:[ ~]|\\[,; ])*(?:\\(?:text|mathrm)\{(?:\\? )?)?(?:[cdkmμ]?m|in|ft|yd|mi|s|inches|feet|met(?:er|re)s?|units?)\}?)\^(?:\{[23]\}|[23])/g;

/**
 * The last number in the text: a decimal, a fraction of two, or one in scientific
 * notation, in canonical form; `null` if there is none, or if the last digits are a part
 * of something that is not read: a decimal comma, a date, a power.
 */
export function lastNumber(text: string): string | null {
  const plain = spelledOut(plainText(text));
  let last: RegExpExecArray | null = null;
  for (const number of plain.matchAll(NUMBER)) last = number;
  if (last === null) return null;
  const digits = last[0];
  const after = last.index + digits.length;
  const end = after + (plain[after] === "}" ? 1 : 0);
  const whole = ending(plain.slice(Math.max(0, end - LONGEST_ENDING), end));
  if (whole !== null) return whole;
  const before = plain.slice(Math.max(0, last.index - LONGEST_ENDING), last.index);
  return isPart(before, digits, plain.slice(after, after + LONGEST_ENDING)) ? null : canonicalNumber(digits);
}

/** LaTeX's groups of digits joined, raised digits behind a number as a power, `cm^2` a unit without digits. */
function spelledOut(text: string): string {
  return text
    .replaceAll("\\!", "")
    .replaceAll("{,}", ",")
    .replace(/(?<![\w^{.\\,])[1-9]\d{0,2}(?:\\,\d{3})+(?!\d)/g, (digits) => digits.replaceAll("\\,", ""))
    .replace(/(?<=\d)[⁻⁰¹²³⁴-⁹]+/g, (raised) => `^{${raised.normalize("NFKC")}}`)
    .replace(SQUARES, "");
}

function ending(text: string): string | null {
  for (const form of ENDINGS) {
    const found = form.exec(text)?.[0];
    const number = found && canonicalNumber(inCanonicalSpelling(found));
    if (number) return number;
  }
  return null;
}

function inCanonicalSpelling(number: string): string {
  return number
    .replace(/\\[dtc]frac/, "\\frac")
    .replace(/frac ?(\d) ?(\d)$/, "frac{$1}{$2}")
    .replace(/\^ ?([+\-−]?\d+)$/, "^{$1}")
    .replace(/ ?([\\{^}]) ?/g, "$1");
}

function isPart(before: string, digits: string, after: string): boolean {
  if (GOES_ON_RIGHT.test(after) || (digits.includes(".") && WITHOUT_END.test(after))) return true;
  if (LIST.test(before) && /^\d{1,2}$/.test(digits)) return false;
  if (GROUPS.test(before) && /^\d{3}(?!\d)/.test(digits)) return true;
  return GOES_ON_LEFT.some((form) => form.test(before));
}
