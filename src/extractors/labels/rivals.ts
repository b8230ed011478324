import { ASIDES, COMPARED, CONCESSIONS, CONTRASTS, NEGATORS, REASONS } from "./grammar.js";
import { isNegated } from "./denials.js";
import type { Vocabulary, Word } from "./words.js";

const SENTENCE_END = /[.;!?](?:[\s"'*)\]]|$)|\n/;

/** How far a sentence is read for rivals, in words. */
const FARTHEST = 100;

/**
 * Whether the sentence names another label behind one, and not just to deny it or as a
 * reason: "billing and refund", "billing but refund is more precise"; or denies the
 * label itself: "billing, which is wrong".
 */
export function hasRival(
  line: string,
  words: readonly Word[],
  end: number,
  label: string,
  vocabulary: Vocabulary,
): boolean {
  let mode: "list" | "reason" | "concession" | "relative" = "list";
  const last = Math.min(words.length, end + FARTHEST);
  for (let place = end + 1; place < last; place++) {
    const { text, start } = words[place] as Word;
    const gap = line.slice(words[place - 1]?.end ?? 0, start);
    const mention = vocabulary.at(words, place);
    const isRival = mention !== null && mention.label !== label;
    // "Billing; refund"
    if (SENTENCE_END.test(gap)) return isRival && opensClause(line, words, mention.last);
    if (mode === "relative" && /[,:()]/.test(gap)) mode = "list";
    if (isRival && !isNegated(line, words, place) && !ASIDES.has(words[place - 1]?.text ?? "")) {
      if (mode === "list" || mode === "relative") return true;
      if (mode === "concession" && COMPARED.test(line.slice(start))) return true;
    }
    if (mode === "relative" && NEGATORS.has(text)) return true;
    if (CONTRASTS.has(text)) mode = "list";
    else if (REASONS.has(text) && words[place + 1]?.text !== "well" && words[place - 1]?.text !== "well")
      mode = "reason";
    else if (CONCESSIONS.has(text) || (text === "even" && words[place + 1]?.text === "if"))
      mode = "concession";
    else if (place === end + 1 && (text === "which" || text === "that")) mode = "relative";
    if (mention !== null) place = mention.last;
  }
  return false;
}

/** Whether nothing but a mark or a verb is behind a label. */
function opensClause(line: string, words: readonly Word[], last: number): boolean {
  const next = words[last + 1];
  if (next === undefined || /^(?:is|fits|with|would|seems)$/.test(next.text)) return true;
  return /[^\s"'*_`]/.test(line.slice((words[last] as Word).end, next.start));
}
