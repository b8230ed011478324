import { OTHERS, REJECTED, RETRACTION } from "./grammar.js";
import { wordsOf } from "./words.js";
import type { Mention, Vocabulary, Word } from "./words.js";

/** How far around a label marks and remarks are looked for, in characters. */
const NEAR = 80;

/** Just before a label: `!spam`, `≠ spam`, `☐ spam`, `[ ] spam`, `~~spam~~`. */
const MARK_BEFORE = /(?:!|[¬≠~≈☐⬜✗✘✕✖❌🚫⛔]\s*|\[ ?\]\s*|<>\s*)["'*_`([]*$/u;

/** Just before a number: `< 3`, `>=3`. */
const COMPARISON = /[<>≤≥]=?\s*["'*_`]*$/;

/** Just behind a label: `spam ❌`, `spam (?)`, `C + +`. */
const MARK_BEHIND = /^["'*_`)\]]*\s*(?:[✗✘✕✖❌☐⬜🚫⛔×≠~]|[([]\s*(?:\?|[✗✘✕✖❌x×]\s*[)\]])|\+)/u;

/** "Label: spam", and then "It is not spam". */
const DENIED_AGAIN =
  /(?<!\p{L})(?:it|this|that)(?:'s not|(?: is|'s)(?: \p{L}+ly)? not| isn't| is no)(?: a| an| really| actually| the)*(?!\p{L})/gu;

/** "Label: spam", and then "Wait, that's wrong": nothing is concluded. */
const ALL_TAKEN_BACK =
  /(?:^|[\n.!?…])[\s"'*_]*(?:wait|hmm+|hold on|oops|no)(?!\p{L})[^\n]{0,60}?(?:(?<!\p{L})(?:wrong|incorrect|mistake\p{L}*)|(?:not|n't)(?: \p{L}+){0,2} (?:right|correct))(?!\p{L})/u;

const DENIALS = new Set(
  "no not false nein non nope nah never unlikely improbable impossible rejected excluded incorrect wrong denied discarded dismissed refuted absent kidding doubtful нет 否 いいえ 不是".split(
    " ",
  ),
);

/** May stand around a denial: "spam (very unlikely)", "spam: certainly not". */
const AROUND = new Set(
  "very highly quite extremely most almost certainly probably definitely really clearly obviously is was it's that's this likely at all so the answer ruled out".split(
    " ",
  ),
);

/** What the label is said to be, up to the next mark: "spam: no", "spam (unlikely)", "Spam. No, ham". */
const REMARK = /^[^\p{L}\p{N}?]*([^.,;:!?()[\]{}|\n–—]*)/u;

const SCORE =
  /^[^\p{L}\p{N}?]*?(?:(?:with |an? |estimated )*(?:probability|likelihood|chance|prob|confidence|score|p)[\s:=]*(?:of |is )?)?(\d+(?:\.\d+)?)\s*(%?)(?=\s*(?:[^\p{L}\p{N}\s%]|$|\n|likely|likelihood|probab\p{L}+|chance|confiden\p{L}+|certain|sure))/u;

/** Whether a label is written with a mark, a word or a score that denies it. */
export function isDenied(
  line: string,
  words: readonly Word[],
  mention: Mention,
  vocabulary: Vocabulary,
): boolean {
  const [first, last] = [words[mention.first] as Word, words[mention.last] as Word];
  const before = line.slice(Math.max(0, first.start - NEAR), first.start);
  const behind = line.slice(last.end, last.end + NEAR);
  const isNumber = /^[-+]?\d/.test(first.text);
  if (marked(MARK_BEFORE, before, vocabulary) || marked(MARK_BEHIND, behind, vocabulary)) return true;
  if (isNumber && marked(COMPARISON, before, vocabulary)) {
    // "<3>" is a 3 in brackets
    if (!(/(?:^|[^<])<$/.test(before) && behind.startsWith(">"))) return true;
  }
  // "- 1" where -1 is a label, "A-"
  if (isNumber && /-\s+$/.test(before) && vocabulary.whole(`-${first.text}`) !== null) return true;
  if (last.end - first.start === 1 && /^-(?![\p{L}\p{N}>-])/u.test(behind)) return true;
  if (!isNumber && isScoredLow(behind)) return true;
  return !DENIALS.has(first.text) && isDenial(REMARK.exec(behind)?.[1] ?? "");
}

/** Whether a text begins with a percentage below 50, or a share below a half, of its own. */
export function isScoredLow(text: string): boolean {
  const [, digits = "", percent = ""] = SCORE.exec(text.slice(0, NEAR)) ?? [];
  if (digits === "") return false;
  const value = Number(digits);
  return percent === "%" ? value < 50 : value < 0.5;
}

/** "Rejected label", "not this category", seen from what stands before the name. */
export function isOther(before: string): boolean {
  const clause = before.split(/[.,;:|\n()<>]/).at(-1) ?? "";
  const near = wordsOf(clause).slice(-3);
  return OTHERS.has(near.at(-1)?.text ?? "") || near.some(({ text }) => REJECTED.has(text));
}

/** Whether the text takes the label back: "Label: spam", and then "Actually, ham" or "It is not spam". */
export function isTakenBack(text: string, label: string, vocabulary: Vocabulary): boolean {
  const words = wordsOf(text);
  const mentions: { label: string; start: number }[] = [];
  for (let place = 0; place < words.length; place++) {
    const mention = vocabulary.at(words, place);
    if (mention === null) continue;
    if (!isNegated(text, words, place))
      mentions.push({ label: mention.label, start: (words[place] as Word).start });
    place = mention.last;
  }
  for (const { 0: denial, index } of text.matchAll(DENIED_AGAIN)) {
    const place = words.findIndex(({ start }) => start >= index + denial.length);
    if (place > 0 && vocabulary.at(words, place)?.label === label) {
      if (mentions.some((mention) => mention.label === label && mention.start < index)) return true;
    }
  }
  const own = mentions.findLast((mention) => mention.label === label);
  if (own !== undefined && ALL_TAKEN_BACK.test(text.slice(own.start))) return true;
  return [...text.matchAll(RETRACTION)].some(({ index }) => {
    const last = mentions.findLast(({ start }) => start >= index);
    if (last === undefined || last.label === label) return false;
    return mentions.some((mention) => mention.label === label && mention.start < index);
  });
}

/** "not x", "nothing really x", "rather than x", "instead of x". */
export function isNegated(line: string, words: readonly Word[], place: number): boolean {
  const at = (words[place] as Word).start;
  const before = words
    .slice(Math.max(0, place - 3), place)
    .filter(({ end }) => !/[,.;:!?\n–—]/.test(line.slice(end, at)))
    .map(({ text }) => text);
  if (before.at(-1) === "than" || before.slice(-2).join(" ") === "instead of") return true;
  return before.some((text) => /^(?:not|nothing|never|neither|nor|isn't|without|no)$/.test(text));
}

function isDenial(remark: string): boolean {
  const words = wordsOf(remark);
  return (
    words.length <= 6 &&
    words.some(({ text }) => DENIALS.has(text) || text === "ruled") &&
    words.every(({ text }) => DENIALS.has(text) || AROUND.has(text))
  );
}

/** A mark that is a part of a label, such as the "<" of "<18", denies none. */
function marked(mark: RegExp, text: string, vocabulary: Vocabulary): boolean {
  const [found] = mark.exec(text) ?? [];
  return found !== undefined && !vocabulary.holds(/[^\s"'*_`()[\]]/u.exec(found)?.[0] ?? found);
}
