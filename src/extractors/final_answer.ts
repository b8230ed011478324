import { lastAnswerLine } from "./answer_line.js";
import { lastBoxed } from "./boxed.js";
import { canonicalAnswer } from "./canonical.js";

/** Asked only where no box is complete. */
const OPEN_BOX = /\\(?:boxed|fbox)\s*\{/;

/**
 * The default: the last `\boxed{…}`, else the last "answer is …" or "Answer: …"
 * line, else the whole trimmed text; `null` for a text without characters, if
 * nothing follows the phrase, if the box is empty (empty answers would vote together), or
 * if it was cut off (`\boxed{12` may be the start of 125 and of 128).
 */
export function finalAnswer(text: string): string | null {
  return readAnswer(text, text);
}

/** As `finalAnswer`, but without a box or a phrase there is no answer: for a response that was cut off. */
export function markedAnswer(text: string): string | null {
  return readAnswer(text, "");
}

/** @param otherwise stands where there is neither a box nor a phrase */
function readAnswer(text: string, otherwise: string): string | null {
  const content = lastBoxed(text);
  if (content !== null) return canonicalAnswer(content);
  const stated = lastAnswerLine(text) ?? otherwise;
  return OPEN_BOX.test(stated) ? null : canonicalAnswer(stated);
}
