import { lastAnswerLine } from "./answer_line.js";
import { boxed } from "./boxed.js";

/** `(B)`, `[B]`, `B)`, `B.`, `B:`, `option B`, `**B**`, or the bare letter; then the end or the option's text. */
const MARKED = /^(?:option |choice )?[([{"“'`*$\\]*([A-J])(?:[)\]}."”'`*$:,;!\\]+(?: |$)|$)/i;

/**
 * A bare capital with the reason or the option's text behind it. The rule is the
 * same for all letters, or the vote would favour some: "A dog" is no answer, so
 * "B dog" is none.
 */
const FOLLOWED =
  /^(?:option |choice )?([A-J])(?= (?:is|was|because|since|as|for|which|by|based|[-–—(=]|[A-Z0-9\\$])|[-–—(])/;

/** Several letters: `A, C`, `B and C`, `(A) or (B)`. Which one counts is not for us to say. */
const SEVERAL =
  /^\W{0,4}(?:option |choice )?\W{0,4}[A-J]\W{0,4}(?:[,/&]|\band\b|\bor\b)\W{0,4}(?:option |choice )?\W{0,4}[A-J](?![\w'’])(?! \w)/i;

/**
 * The letter, A to J, of a multiple-choice answer, in upper case: in the last
 * box, else on the last "answer is …" line, else alone on the last line that has
 * text. A letter that is merely discussed does not count; `null` if none is stated, or
 * several are.
 */
export function choice(text: string): string | null {
  const stated = [boxed(text), lastAnswerLine(text), lastLine(text)].map(bare);
  return stated.some((words) => SEVERAL.test(words))
    ? null
    : (stated.map(letter).find((found) => found !== null) ?? null);
}

function bare(stated: string | null): string {
  return (stated ?? "").replace(/\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}/g, "$1").trim();
}

function letter(words: string): string | null {
  return (MARKED.exec(words) ?? FOLLOWED.exec(words))?.[1]?.toUpperCase() ?? null;
}

function lastLine(text: string): string {
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  return /^\W*\w\W*$/.test(line) ? line.replace(/\s/g, "") : "";
}
