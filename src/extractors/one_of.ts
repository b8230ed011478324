import { requireKnownKeys } from "../core/errors.js";
import { lastBoxed } from "./boxed.js";
import { isTakenBack } from "./labels/denials.js";
import { labelOfObject } from "./labels/json.js";
import { said, standing, stated } from "./labels/reading.js";
import { Vocabulary, labelText, lastLines, wordsOf } from "./labels/words.js";

/** Options of `oneOf()` and `someOf()`. */
export interface LabelOptions {
  /** Other ways to write a label, by label: `{ negative: ["bad", "2"] }`. Default: none. */
  synonyms?: Record<string, readonly string[]>;
}

/**
 * An extractor for a classification: the one label that the response states, spelled as
 * it is given here. Case, punctuation, quotes, markdown and the marks between words do
 * not matter; of labels that overlap the longest counts, so "not spam" is never "spam".
 *
 * Read are, in this order: the last JSON object, a box, "Label: x" (the last, if they
 * differ and it is called final), a label that opens or closes the text ("Spam, because
 * …"), and sentences ("The sentiment is x", "I would classify this as x", "This is x").
 * Denied, doubted and asked labels do not count, nor do those that are crossed out, scored
 * below a half, or taken back later. `null` for a label that is not among
 * those given, and where several are stated and none concludes. Sentences are read in
 * English; the other shapes in any language. Of a response of more than 20,000
 * characters only the last lines are read.
 *
 * @param labels at least one, each with a letter, a digit or an emoji
 * @throws {OptionError} if the labels are none, or two cannot be told apart
 */
export function oneOf(
  labels: readonly string[],
  options: LabelOptions = {},
): (text: string) => string | null {
  requireKnownKeys("oneOf", options, ["synonyms"]);
  const vocabulary = new Vocabulary("oneOf", labels, options.synonyms ?? {});
  return (response) => {
    const text = lastLines(response);
    const object = labelOfObject(text, vocabulary);
    if (object !== undefined) return object;
    const box = lastBoxed(text);
    if (box !== null) return vocabulary.whole(unwrapped(box));
    const plain = withoutQuotations(labelText(text), vocabulary);
    const label = labelOfText(plain, vocabulary);
    return label !== null && isTakenBack(plain, label, vocabulary) ? null : label;
  };
}

function labelOfText(plain: string, vocabulary: Vocabulary): string | null {
  const lines = plain.split("\n");
  const mark = stated(lines, vocabulary);
  const alone = standing(lines, vocabulary);
  if (mark !== undefined && alone !== undefined && alone !== null) return mark === alone ? mark : null;
  if (mark !== undefined) return mark;
  return (alone === undefined ? said(plain, vocabulary) : alone) ?? null;
}

function unwrapped(box: string): string {
  return box.replace(/\\(?:text|math)\p{L}*\{([^{}]*)\}/gu, "$1");
}

/** What is quoted is not the model's own word, unless it is just a label or a name for one. */
function withoutQuotations(text: string, vocabulary: Vocabulary): string {
  return text.replace(/"[^"\n]*"/g, (quotation) =>
    wordsOf(quotation).length < 2 || vocabulary.whole(quotation) !== null ? quotation : '""',
  );
}
