import { canonicalMaths } from "./maths.js";
import { plainText } from "./plain_text.js";
import { canonicalNumber } from "./rational.js";

/** Longest answer that is read as a formula, in characters; a longer one votes as it is written. */
const LONGEST = 2000;

/** One rewriting may open the way for another; hostile text could keep it going. */
const MOST_ROUNDS = 8;

/** Wrappers that carry no meaning; a pair is taken off only as a pair. */
const WRAPPERS: readonly (readonly [open: string, close: string])[] = [
  ["**", "**"],
  ["*", "*"],
  ["$$", "$$"],
  ["$", "$"],
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["`", "`"],
  ...["text", "textrm", "textbf", "textit", "mathrm", "mathbf", "mathit", "mbox", "boxed", "fbox"].map(
    (name): readonly [string, string] => [`\\${name}{`, "}"],
  ),
];

/** Written in many ways and meant in one. */
const TRUTH = /^(?:yes|Yes|YES|no|No|true|True|TRUE|false|False|FALSE)$/;

/** A line across the page, or the fence of a code block: what is left where an answer was to stand. */
const RULE = /^[-*_~`#]{3,}$/;

/** A number and a unit: a word, or one letter that ends the answer (`2 x + 1` is a formula). */
const MEASURE = /^([^\p{L}\\]*[\d¼½¾⅐-⅞]) (\p{L}{2,}.*|\p{L})$/u;

/**
 * The key under which an answer votes. White space is folded; markdown and maths
 * wrappers and the final full stop are removed; dots behind a number say that it goes on. Plain numbers have one form:
 * `1,024`, `+1024` and `1024.0` are `1024`; `\frac{1}{2}`, `1/2` and `.50` are
 * `0.5`; `2/6` is `1/3`; `1.5\times 10^3` is `1500`. Formulas have one spelling:
 * `\left( 1 , \dfrac{\pi}2 \right)` is `(1, \pi/2)`. A dollar sign before and a
 * degree sign behind a number are dropped; `50\%` stays apart from `0.5` and `50`,
 * and a unit stays. Brackets and order count, except the order in a set. Nothing
 * is calculated: `2^3` is not `8`.
 *
 * Letters keep their case, except in yes, no, true and false. Never merges what it
 * does not understand; `null` if nothing is left.
 */
export function canonicalAnswer(raw: string): string | null {
  let text = plainText(raw).replace(/\s+/g, " ").trim();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    text = withoutWrappers(text);
    if (text === "" || RULE.test(text)) return null;
    const form = rewritten(text);
    if (form === text) break;
    text = form;
  }
  return text;
}

function rewritten(text: string): string {
  const number = canonicalNumber(text);
  if (number !== null || text.length > LONGEST) return number ?? text;
  if (TRUTH.test(text)) return text.toLowerCase();
  const option = /^\(([A-J])\)$/.exec(text)?.[1];
  if (option !== undefined) return option;
  return price(text) ?? measure(text) ?? canonicalMaths(text) ?? text;
}

/** `\$5` and `-$5`. Other currencies stay, so that they stay apart. */
function price(text: string): string | null {
  const [, sign, amount] = /^([+\-−]?) ?\\?\$ ?(\S+)$/.exec(text) ?? [];
  return amount === undefined ? null : canonicalNumber(`${sign}${amount}`);
}

function measure(text: string): string | null {
  const [, amount, unit] = MEASURE.exec(text) ?? [];
  if (amount === undefined || unit === undefined || /^0\d/.test(amount)) return null;
  const number = canonicalNumber(amount);
  if (number === null) return null;
  if (/^degrees?$/.test(unit)) return number;
  return unit === "percent" || unit === "per cent" ? `${number}%` : `${number} ${unit}`;
}

function withoutWrappers(text: string): string {
  for (let before = ""; before !== text;) {
    before = text;
    text = unwrap(withoutFullStops(text));
  }
  return text;
}

/** Three full stops behind anything but a word say that it goes on: `0.333...` is not `0.333`. */
function withoutFullStops(text: string): string {
  let end = text.length;
  while (end > 0 && /[.。\s]/.test(text[end - 1] as string)) end -= 1;
  const goesOn = end > 0 && text.includes("...", end) && !/\p{L}{2}$/u.test(text.slice(end - 2, end));
  return goesOn ? `${text.slice(0, end)}…` : text.slice(0, end);
}

function unwrap(text: string): string {
  for (const [open, close] of WRAPPERS) {
    if (text.length < open.length + close.length || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(open.length, text.length - close.length);
    if (close.startsWith("$") && inner.endsWith("\\")) continue;
    // "$3$ or $4$" and "\text{a}b{c}" only look wrapped.
    const unescaped = inner.replaceAll("\\$", "");
    if (!unescaped.includes(open) && !unescaped.includes(close)) return inner.trim();
  }
  return text;
}
