import {
  AFTER,
  ATTRIBUTE_NAMES,
  AUXILIARIES,
  COMMON,
  CONDITION,
  CORRECTION,
  ENDS,
  FILLERS,
  FINAL,
  FRAMES,
  HEADING,
  HEDGES,
  NEGATORS,
  NOUNS,
  SAID,
  STATED,
  SUBJECTS,
  VAGUE,
} from "./grammar.js";
import { isDenied, isOther, isScoredLow } from "./denials.js";
import { hasRival } from "./rivals.js";
import { wordsOf } from "./words.js";
import type { Mention, Vocabulary, Word } from "./words.js";

/** What a rule finds: a label, that none of those known is stated, or nothing to go by. */
export type Reading = string | null | undefined;

/** How much of a line is read behind "Label:", in characters. */
const LONGEST_REST = 300;

/**
 * The label with which a line begins, where nothing makes it a part of something else:
 * `spam`, `2. **Spam**, because …`, `spam (95%)`; but not `spam filter`, `spam?` or
 * `spam 40%, ham 60%`.
 */
export function headOf(line: string, vocabulary: Vocabulary): string | null {
  const words = wordsOf(line);
  let mention: Mention | null = null;
  for (let place = 0; place < words.length; place++) {
    mention = vocabulary.at(words, place);
    if (mention !== null || !(isFiller(words, place) || (place === 0 && isNumbering(line, words)))) break;
  }
  if (mention === null || CORRECTION.test(line) || isDenied(line, words, mention, vocabulary)) return null;
  const end = endOf(line, words, mention);
  if (end === null) return null;
  return hasRival(line, words, end, mention.label, vocabulary) ? null : mention.label;
}

/** What is behind the last "Label:", "Category =", or a heading of the kind. */
export function stated(lines: readonly string[], vocabulary: Vocabulary): Reading {
  const found: { label: string | null; isFinal: boolean }[] = [];
  for (const [place, line] of lines.entries()) {
    const heading = HEADING.exec(line);
    const marks = heading ? [heading] : [...line.matchAll(STATED)];
    for (const mark of marks) {
      const before = line.slice(Math.max(0, mark.index - 60), mark.index);
      if (isOther(before)) continue;
      const own = heading ? "" : line.slice(mark.index + mark[0].length).slice(0, LONGEST_REST);
      const rest = wordsOf(own).length === 0 ? (lines.slice(place + 1).find(hasWord) ?? "") : own;
      // "Rating > 3", where "<rating>3</rating>" is a 3.
      const isCompared = /\s>$/.test(mark[0]) || own.startsWith("=");
      const isDoubted = own === rest && isScoredLow(lines.slice(place + 1).find(hasWord) ?? "");
      const label = isCompared || isDoubted ? null : headOf(rest.slice(0, LONGEST_REST), vocabulary);
      if (label === null && ATTRIBUTE_NAMES.has(mark[1] ?? "")) continue;
      found.push({ label, isFinal: FINAL.test(before + mark[0]) });
    }
  }
  const last = found.at(-1);
  if (last === undefined) return undefined;
  const agreed = found.every(({ label }) => label === last.label);
  return agreed || last.isFinal ? last.label : null;
}

/** A label that opens or closes the text on a line of its own. */
export function standing(lines: readonly string[], vocabulary: Vocabulary): Reading {
  const full = lines.filter(hasWord);
  // "Definitely not", and the label on the next line; "0%" on the next line.
  const heads = full.map((line, place) =>
    endsNegated(full[place - 1] ?? "", vocabulary) || isScoredLow(full[place + 1] ?? "")
      ? null
      : headOf(line.slice(0, LONGEST_REST), vocabulary),
  );
  const [first = null] = heads;
  const end = full.at(-1) ?? "";
  const sentence = sentencesOf(end).at(-1) ?? "";
  const isApart =
    (full.length > 1 || sentence.length < end.length) && !endsNegated(full.at(-2) ?? "", vocabulary);
  const last = isApart ? (vocabulary.whole(end) ?? vocabulary.whole(sentence)) : null;
  // "Billing. Refund."
  const opening = full.length === 1 ? vocabulary.at(wordsOf(end), 0) : null;
  if (opening !== null && last !== null && opening.label !== last) return null;
  if (first !== null && last !== null) return first === last ? first : null;
  if (first === null) return last ?? undefined;
  return heads.some((head) => head !== null && head !== first) ? null : first;
}

function endsNegated(line: string, vocabulary: Vocabulary): boolean {
  const last = wordsOf(line).at(-1);
  if (last === undefined || line.trimEnd().length > last.end) return false;
  return NEGATORS.has(last.text) && vocabulary.whole(line) === null;
}

/** "The label is x", "I would classify this as x", "This is x": of several, the one that concludes. */
export function said(text: string, vocabulary: Vocabulary): Reading {
  const found = sentencesOf(text).map((sentence) => ({
    labels: new Set([...phrased(sentence, vocabulary), ...framed(sentence, vocabulary)]),
    isFinal: FINAL.test(sentence),
  }));
  const all = new Set(found.flatMap(({ labels }) => [...labels]));
  if (all.size <= 1) return [...all][0];
  const concluding = found.findLast(({ labels, isFinal }) => isFinal && labels.size > 0);
  return concluding?.labels.size === 1 ? [...concluding.labels][0] : null;
}

function phrased(sentence: string, vocabulary: Vocabulary): string[] {
  if (CONDITION.test(sentence)) return [];
  return [...sentence.matchAll(SAID)].flatMap(({ 0: phrase, index }) => {
    const clause =
      sentence
        .slice(Math.max(0, index - 100), index)
        .split(/[,:—–]/)
        .at(-1) ?? "";
    const before = wordsOf(clause + phrase);
    if (before.some(({ text }) => NEGATORS.has(text) || HEDGES.has(text))) return [];
    const rest = sentence.slice(index + phrase.length).slice(0, LONGEST_REST);
    return headOf(rest, vocabulary) ?? [];
  });
}

/** Labels that the sentence says something to be, unless it denies or doubts it. */
function framed(sentence: string, vocabulary: Vocabulary): string[] {
  if (CONDITION.test(sentence)) return [];
  const words = wordsOf(sentence);
  const found: string[] = [];
  let isOpen = true;
  for (let place = 0; place < words.length; place++) {
    const { text, start } = words[place] as Word;
    const gap = sentence.slice(words[place - 1]?.end ?? 0, start);
    if (/[,:—–]/.test(gap) || text === "but") isOpen = true;
    const mention = vocabulary.at(words, place);
    if (mention === null) {
      if (NEGATORS.has(text) || HEDGES.has(text)) isOpen = false;
      continue;
    }
    const end = endOf(sentence, words, mention, AFTER);
    if (
      isOpen &&
      end !== null &&
      isMeant(words, mention) &&
      isFramed(words, place) &&
      !isDenied(sentence, words, mention, vocabulary) &&
      !hasRival(sentence, words, end, mention.label, vocabulary)
    )
      found.push(mention.label);
    place = mention.last;
  }
  return found;
}

/** Short labels and everyday words mean something else in a sentence. */
function isMeant(words: readonly Word[], { first, last }: Mention): boolean {
  const { text } = words[first] as Word;
  if (first < last) return true;
  if (VAGUE.has(text)) return ATTRIBUTE_NAMES.has(words[last + 1]?.text ?? "");
  return !COMMON.has(text) && text.length > 1 && !/\d/.test(text);
}

/** "this is x", "the review clearly appears to be x"; but not "the battery is x". */
function isFramed(words: readonly Word[], place: number): boolean {
  let frames = 0;
  for (let before = place - 1; before >= 0; before--) {
    const { text } = words[before] as Word;
    if (FRAMES.has(text)) frames += 1;
    if (SUBJECTS.has(text)) return frames > 0;
    if (!FRAMES.has(text) && !FILLERS.has(text) && !AUXILIARIES.has(text)) return false;
  }
  return false;
}

/** Place of the last word that belongs to the label; `null` if the label is a part of something else. */
function endOf(
  line: string,
  words: readonly Word[],
  { last }: Mention,
  may: ReadonlySet<string> = new Set(),
): number | null {
  for (let end = last; ; end++) {
    const next = words[end + 1];
    const gap = line.slice((words[end] as Word).end, next?.start);
    if (/^["'*_`)\]]*\s*(?:\?|\.\.|…)/.test(gap)) return null;
    // "Spam score: 0.1"
    if (end > last && /^\W*[:=|]/.test(gap)) return null;
    if (
      next === undefined ||
      /^\p{Extended_Pictographic}/u.test(next.text) ||
      /[.,;:!()[\]{}|\n—–<}]|\s-+\s|->/.test(gap)
    )
      return end;
    // "no problem" and "other than that" are none
    if (COMMON.has((words[last] as Word).text)) return next.text === "because" ? end : null;
    if (ENDS.has(next.text) || may.has(next.text)) return end;
    // "a high priority ticket"
    if (end > last + 1 || gap.includes("/") || !NOUNS.has(next.text)) return null;
  }
}

function isFiller(words: readonly Word[], place: number): boolean {
  return FILLERS.has(words[place]?.text ?? "");
}

/** `2.`, `(b)`, `3)` before the label. */
function isNumbering(line: string, words: readonly Word[]): boolean {
  const [first] = words;
  return (
    first !== undefined && /^(?:\d{1,2}|[a-z])$/.test(first.text) && /^[.):\]]/.test(line.slice(first.end))
  );
}

function hasWord(line: string): boolean {
  return /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(line);
}

/** Without questions, which state nothing. */
function sentencesOf(text: string): string[] {
  return (text.match(/(?:[^.!?;\n]|[.!?;](?![\s"'*)\]]|$))+[.!?;]?/g) ?? []).filter(
    (sentence) => !sentence.endsWith("?"),
  );
}
