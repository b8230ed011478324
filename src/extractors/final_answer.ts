import { lastAnswerLine } from "./answer_line.js";
import { lastBoxed } from "./boxed.js";
import { called, inWords } from "./calls.js";
import type { CallingMessage } from "./calls.js";
import { canonicalAnswer } from "./canonical.js";
import { isCutOff, wholeLines } from "./cut_off.js";
import type { EndedMessage } from "./cut_off.js";

/** Asked only where no box is complete. */
const OPEN_BOX = /\\(?:boxed|fbox)\s*\{/;

const NONE: ReadonlySet<string> = new Set();

/**
 * The default: the last `\boxed{…}`, else the last "answer is …" or "Answer: …"
 * line, else the whole trimmed text; `null` for a text without characters, if
 * nothing follows the phrase, if the box is empty (empty answers would vote together), or
 * if it was cut off (`\boxed{12` may be the start of 125 and of 128).
 *
 * Of a message that calls tools, the calls, as `toolCalls()` reads them; of one that was
 * cut off, only a box or what follows the phrase on a line that was written to its end,
 * because its last words are no answer.
 * An extractor that calls this one passes both of its arguments on.
 *
 * @param message the response with that text; without one, the text is all there is
 */
export function finalAnswer(text: string, message: CallingMessage & EndedMessage): string | null;
/** The same of a text alone: such a function can be piped. */
export function finalAnswer(text: string): string | null;
export function finalAnswer(text: string, message?: CallingMessage & EndedMessage): string | null {
  if (message === undefined) return textAnswer(text, text, text);
  const calls = called(message, NONE, "set");
  if (calls !== undefined) return calls;
  return inWords(isCutOff(message) ? textAnswer(text, wholeLines(text), "") : textAnswer(text, text, text));
}

/**
 * @param lines those that may hold the phrase
 * @param otherwise read where there is neither a box nor a phrase
 */
function textAnswer(text: string, lines: string, otherwise: string): string | null {
  const content = lastBoxed(text);
  if (content !== null) return canonicalAnswer(content);
  const stated = lastAnswerLine(lines) ?? otherwise;
  return OPEN_BOX.test(stated) ? null : canonicalAnswer(stated);
}
