import { requireKnownKeys } from "../core/errors.js";
import { isOther, isTakenBack } from "./labels/denials.js";
import { heldLabels, lastObjectsOf, unanimous, valuesNamed } from "./labels/json.js";
import {
  ATTRIBUTE_NAMES,
  LABEL_NAMES,
  PLURAL_HEADING,
  PLURAL_NAMES,
  PLURAL_STATED,
} from "./labels/grammar.js";
import { Vocabulary, labelText, lastLines, wordsOf } from "./labels/words.js";
import type { LabelOptions } from "./one_of.js";

/** What may stand between two labels of a list. */
const JOINTS = new Set(["and", "plus", "also", "y", "und", "et"]);

/** Marks and scores that deny a label of the list. */
const DENYING = /[¬≠~☐⬜✗✘✕✖×]|!(?=[\p{L}"])|\[ \]|(?<=^|[\s,;])-(?=\p{L})|(?<![\d.])[0-4]?\d(?:\.\d+)?\s*%/u;

/** Lists without a label. */
const NOTHING =
  /^[^\p{L}]*(?:none|no (?:labels?|categories|tags)(?: apply| applies)?|none (?:apply|applies)|\[\s*\])[^\p{L}]*$/u;

/**
 * An extractor for several labels: the set that the response lists, as a JSON array in
 * the order in which the labels are given here, whatever order the model chose. "None",
 * "no labels" and `[]` are the empty set, `[]`.
 *
 * Read are, in this order: the last JSON object or list (of an object whose fields are
 * labels, those that are true), "Labels: a, b and c" with the
 * list behind it or in the lines below, and a text that is nothing but a list. A list
 * with anything else in it, an unknown label or a denied one, never votes. Of a
 * response of more than 20,000 characters only the last lines are read.
 *
 * @param labels at least one, each with a letter, a digit or an emoji
 * @throws {OptionError} if the labels are none, or two cannot be told apart
 */
export function someOf(
  labels: readonly string[],
  options: LabelOptions = {},
): (text: string) => string | null {
  requireKnownKeys("someOf", options, ["synonyms"]);
  const vocabulary = new Vocabulary("someOf", labels, options.synonyms ?? {});
  const listed = (set: Set<string> | null | undefined): string | null | undefined =>
    set && JSON.stringify(vocabulary.labels.filter((label) => set.has(label)));
  return (response) => {
    const text = lastLines(response);
    const objects = lastObjectsOf(text).map((object) => listed(setOfObject(object, vocabulary)));
    const object = unanimous(objects);
    // Objects in a list are one label each, perhaps with a score.
    if (object !== undefined) return objects.length > 1 && /\}\s*,\s*\{/.test(text) ? null : object;
    return listed(setOfText(text, vocabulary)) ?? null;
  };
}

/** `undefined` if the object is none of labels. */
function setOfObject(
  object: Record<string, unknown>,
  vocabulary: Vocabulary,
): Set<string> | null | undefined {
  const held = heldLabels(object, vocabulary);
  if (held !== undefined) return held && (held.length > 0 ? new Set(held) : null);
  const named = [PLURAL_NAMES, LABEL_NAMES, ATTRIBUTE_NAMES].map((names) => valuesNamed(object, names));
  const [value] = named.find((values) => values.length > 0) ?? [];
  if (Array.isArray(value))
    return value.length === 0 ? new Set() : listOf(value.map(String).join(", "), vocabulary);
  return value === undefined ? undefined : listOf(String(value), vocabulary);
}

function setOfText(text: string, vocabulary: Vocabulary): Set<string> | null {
  const lines = labelText(text.replace(/^```\w*$/gm, "")).split("\n");
  const place = lines.findLastIndex((line) => isStated(line));
  if (place < 0) return listOf(lines.join("\n"), vocabulary);
  const after = lines.slice(place).join("\n");
  if (vocabulary.labels.some((label) => isTakenBack(after, label, vocabulary))) return null;
  const rest = (lines[place] as string).replace(PLURAL_HEADING, "").replace(PLURAL_STATED, "");
  return /[\p{L}\p{N}[]/u.test(rest) ? listOf(rest, vocabulary) : listOf(below(lines, place), vocabulary);
}

/** "Labels: a, b", a heading of the kind; but not "Rejected labels: a". */
function isStated(line: string): boolean {
  const mark = PLURAL_STATED.exec(line) ?? PLURAL_HEADING.exec(line);
  return mark !== null && !isOther(mark[0].replace(/\p{L}+[^\p{L}]*(?: (?:is|are))?$/u, ""));
}

/** The lines under a heading, up to an empty line behind them. */
function below(lines: readonly string[], place: number): string {
  const rest = lines.slice(place + 1);
  const first = rest.findIndex((line) => line.trim() !== "");
  const end = rest.findIndex((line, at) => at > first && line.trim() === "");
  return rest.slice(Math.max(first, 0), end < 0 ? undefined : end).join("\n");
}

/** The labels of a list that holds nothing else; `null` if it holds something else, or nothing at all. */
function listOf(text: string, vocabulary: Vocabulary): Set<string> | null {
  const list = labelText(text);
  if (DENYING.test(list)) return null;
  const words = wordsOf(list);
  const found = new Set<string>();
  for (let place = 0; place < words.length; place++) {
    const { text: word, end } = words[place] as (typeof words)[number];
    const mention = vocabulary.at(words, place);
    const next = list.slice(end, end + 1);
    if (mention !== null) {
      if (
        list
          .slice((words[mention.last] as (typeof words)[number]).end)
          .trimStart()
          .startsWith("?")
      )
        return null;
      found.add(mention.label);
      place = mention.last;
    } else if (!JOINTS.has(word) && !(/^\d+$/.test(word) && /[.)%]/.test(next))) {
      return NOTHING.test(list) ? found : null;
    }
  }
  return found.size > 0 || NOTHING.test(list) ? found : null;
}
