import { lastAnswerLine } from "./answer_line.js";
import { boxed } from "./boxed.js";

/** `(B)`, `[B]`, `B)`, `B.`, `B:`, `option B`, `**B**`, or the bare letter; then the end or the option's text. */
const MARKED = /^(?:option |choice )?[([{"“'`*$\\]*([A-J])(?:[)\]}."”'`*$:,;!\\]+(?: |$)|$)/i;

/** A bare letter with words behind it. `A` and `I` are words of their own there. */
const FOLLOWED = /^(?:option |choice )?([B-HJ]) /;

/**
 * The letter, A to J, of a multiple-choice answer, in upper case: in the last
 * box, else on the last "answer is …" line, else alone on the last line that has
 * text. A letter that is merely discussed does not count; `null` if none is stated.
 */
export function choice(text: string): string | null {
  return letter(boxed(text)) ?? letter(lastAnswerLine(text)) ?? letter(lastLine(text));
}

function letter(stated: string | null): string | null {
  if (stated === null) return null;
  const bare = stated.replace(/\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}/g, "$1").trim();
  const found = MARKED.exec(bare) ?? FOLLOWED.exec(bare);
  return found?.[1]?.toUpperCase() ?? null;
}

function lastLine(text: string): string {
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  return /^\W*\w\W*$/.test(line) ? line.replace(/\s/g, "") : "";
}
