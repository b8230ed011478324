import { OptionError } from "../../core/errors.js";
import { plainText } from "../plain_text.js";

/** A word of a text, in lower case, with where it stands. */
export interface Word {
  text: string;
  start: number;
  end: number;
}

/** A label where it stands in a text: the places of its first and last word. */
export interface Mention {
  label: string;
  first: number;
  last: number;
}

/** Numbers with their sign and decimals, words with an apostrophe or a `++` or `#`, emoji. */
const WORD =
  /(?<![\p{L}\p{N}])[-+]?\d+(?:[.,]\d+)*(?![\p{L}\p{N}])|[\p{L}\p{M}\p{N}]+(?:'\p{L}+)*(?:\+\+|#)?|\p{Extended_Pictographic}/gu;

/** `4/5` and `4 out of 5` are a 4. */
const SCALE = /(\d) ?(?:\/|out of) ?\d+/g;

/** What is no part of a label and denies or doubts it: `!spam`, `spam?`, `< 3`. */
const DOUBT = /[?¬≠~≈☐⬜✗✘✕✖×≤≥]|!(?=[\p{L}\p{N}])|\[ \]|[<>]=?\s*\d(?![^<]*>)|\s\+/u;

/** Most of a text that is read for labels, in characters. */
const LONGEST = 20_000;

/** The text, or the last whole lines of it if it is too long for a classification. */
export function lastLines(text: string): string {
  if (text.length <= LONGEST) return text;
  const end = text.slice(-LONGEST);
  const start = end.indexOf("\n");
  return start < 0 ? "" : end.slice(start);
}

/** Lower case, one spelling of quotes, dashes and letters. */
export function labelText(text: string): string {
  return plainText(text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[’‘]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/−/g, "-")
    .replace(SCALE, "$1");
}

/** The words of a text that `labelText` has prepared. */
export function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}

/**
 * The labels that may be read, each by its words run together: `very_positive`,
 * `Very-Positive` and `VeryPositive` are one.
 */
export class Vocabulary {
  readonly labels: readonly string[];
  readonly #byKey = new Map<string, string>();
  readonly #longest: number;
  /** All characters of the labels. */
  readonly #characters: string;

  /** @throws {OptionError} if there is no label, one has no word, or two cannot be told apart */
  constructor(option: string, labels: readonly string[], synonyms: Record<string, readonly string[]>) {
    if (!Array.isArray(labels) || labels.length === 0)
      throw new OptionError(`${option}.labels`, labels, 'Give a list, such as ["positive", "negative"].');
    this.labels = [...labels];
    for (const label of labels) this.#add(`${option}.labels`, label, label);
    for (const [label, others] of Object.entries(synonyms)) {
      const where = `${option}.synonyms`;
      if (!labels.includes(label)) throw new OptionError(where, label, "Give synonyms of a label alone.");
      if (!Array.isArray(others)) throw new OptionError(where, others, "Give a list for every label.");
      for (const other of others as readonly string[]) this.#add(where, other, label);
    }
    this.#characters = labelText([labels, ...Object.values(synonyms)].flat().join(" "));
    this.#longest = Math.max(...Array.from(this.#byKey.keys(), (key) => key.length));
  }

  /** The longest label that begins at a word. */
  at(words: readonly Word[], first: number): Mention | null {
    let key = "";
    let found: Mention | null = null;
    for (let last = first; last < words.length; last++) {
      key += (words[last] as Word).text;
      if (key.length > this.#longest) break;
      const label = this.#byKey.get(key);
      if (label !== undefined) found = { label, first, last };
    }
    return found;
  }

  /** The label that a whole text is, but for punctuation; `null` if it is none. */
  whole(text: string): string | null {
    const words = wordsOf(labelText(text));
    const mention = this.at(words, 0);
    if (mention === null || mention.last < words.length - 1) return null;
    const [mark] = DOUBT.exec(text) ?? [];
    return mark === undefined || this.holds(mark.trim().charAt(0)) ? mention.label : null;
  }

  /** Whether a mark is a part of a label; a "+" apart from its word never is. */
  holds(mark: string): boolean {
    return mark !== "+" && this.#characters.includes(mark);
  }

  #add(option: string, spelling: unknown, label: string): void {
    const key =
      typeof spelling === "string"
        ? wordsOf(labelText(spelling))
            .map(({ text }) => text)
            .join("")
        : "";
    if (key === "") throw new OptionError(option, spelling, "Give texts with a letter, a digit or an emoji.");
    const known = this.#byKey.get(key);
    if (known !== undefined)
      throw new OptionError(option, spelling, `It cannot be told from ${JSON.stringify(known)}.`);
    this.#byKey.set(key, label);
  }
}
