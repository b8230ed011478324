import { lastAnswerLine } from "./answer_line.js";
import { boxed } from "./boxed.js";
import { canonicalAnswer } from "./canonical.js";

/**
 * The default: the last `\boxed{…}`, else the last "answer is …" or "Answer: …"
 * line, else the whole trimmed text; `null` for a text without characters, or if
 * nothing follows the phrase (empty answers would vote together).
 */
export function finalAnswer(text: string): string | null {
  return boxed(text) ?? canonicalAnswer(lastAnswerLine(text) ?? text);
}
