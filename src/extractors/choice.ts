import { lastAnswerLine } from "./answer_line.js";
import { lastBoxed } from "./boxed.js";
import type { CallingMessage } from "./calls.js";
import { isCutOff, wholeLines } from "./cut_off.js";
import type { EndedMessage } from "./cut_off.js";
import { plainText } from "./plain_text.js";

/** `(B)`, `[B]`, `B)`, `B.`, `B:`, `option B`, `**B**`, or the bare letter; then the end or the option's text. */
const MARKED =
  /^(?:(?:the )?(?:option|choice|letter) )?[([{"“'‘`*$\\]*([A-J])(?:[)\]}."”'’`*$:,;!。\\]+(?: |$)|$)/i;

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

/** "Therefore, option (B) is correct." as a whole line. */
const VERDICT =
  /^(?:(?:so|thus|hence|therefore),? )?(?:(?:the )?(?:option|choice|answer) )?[(*]{0,3}([A-J])[)*]{0,3} is (?:the )?(?:correct|right|best)(?: (?:answer|option|choice|one))?\W{0,3}$/i;

/**
 * The letter, A to J, of a multiple-choice answer, in upper case: in the last
 * box, else on the last "answer is …" line, else alone on the last line that has
 * text, or declared correct there. A letter that is merely discussed does not count;
 * `null` if none is stated, or several are.
 *
 * @param message the response with that text; if it was cut off, its last line is not read
 */
export function choice(text: string, message?: CallingMessage & EndedMessage): string | null {
  const plain = plainText(text);
  const isWhole = message === undefined || !isCutOff(message);
  const last = isWhole ? lastLine(plain) : "";
  const stated = [lastBoxed(plain), lastAnswerLine(isWhole ? plain : wholeLines(plain)), alone(last)].map(
    bare,
  );
  if (stated.some((words) => SEVERAL.test(words))) return null;
  const found = stated.map(letter).find((letters) => letters !== null);
  return found ?? VERDICT.exec(last)?.[1]?.toUpperCase() ?? null;
}

function bare(stated: string | null): string {
  return (stated ?? "")
    .replace(/\\(?:text|math)(?:rm|bf|it|sf|tt)?\{([^{}]*)\}/g, "$1")
    .replace(/\\(?:[,;:! ]|quad)|~|\s+/g, " ")
    .trim();
}

function letter(words: string): string | null {
  return (MARKED.exec(words) ?? FOLLOWED.exec(words))?.[1]?.toUpperCase() ?? null;
}

function lastLine(text: string): string {
  return (text.trimEnd().split("\n").at(-1) ?? "").replace(/\s+/g, " ").trim();
}

function alone(line: string): string {
  return /^\W*\w\W*$/.test(line) ? line.replaceAll(" ", "") : "";
}
