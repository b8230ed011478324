import { lastAnswerLine } from "./answer_line.js";
import { lastBoxed } from "./boxed.js";
import { canonicalAnswer } from "./canonical.js";

/**
 * The default: the last `\boxed{…}`, else the last "answer is …" or "Answer: …"
 * line, else the whole trimmed text; `null` for a text without characters, if
 * nothing follows the phrase, or if the box is empty (empty answers would vote together).
 */
export function finalAnswer(text: string): string | null {
  return canonicalAnswer(lastBoxed(text) ?? lastAnswerLine(text) ?? text);
}
