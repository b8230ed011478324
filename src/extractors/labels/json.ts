import { lastObjects } from "../json.js";
import {
  ASIDE_FIELDS,
  ATTRIBUTE_NAMES,
  FINAL,
  HOLDS,
  LABEL_NAMES,
  OTHERS,
  REJECTED,
  RETRACTION,
} from "./grammar.js";
import type { Reading } from "./reading.js";
import { wordsOf } from "./words.js";
import type { Vocabulary } from "./words.js";

/** Answers to whether a label holds, where the labels are the fields. */
const HELD: ReadonlyMap<string, boolean> = new Map(
  ["true", "yes", "1"]
    .map((yes): [string, boolean] => [yes, true])
    .concat(["false", "no", "0"].map((no): [string, boolean] => [no, false])),
);

/**
 * The label in the last JSON object: in a field that is called so (`label`,
 * `predictedCategory`, `sentiment`), else the one field that is a label and true, else the
 * only field whose value is a label. `undefined` if there is no such object, `null` if
 * the field holds something else, or if objects say different things and the text does
 * not say that the last one concludes.
 */
export function labelOfObject(text: string, vocabulary: Vocabulary): Reading {
  return unanimous(lastObjectsOf(text).map((object) => labelOfOne(object, vocabulary)));
}

/** What all objects say that say something; `null` if they differ. */
export function unanimous<T>(readings: readonly (T | null | undefined)[]): T | null | undefined {
  const [first, ...others] = readings.filter((reading) => reading !== undefined);
  return others.every((other) => other === first) ? first : null;
}

function labelOfOne(value: Record<string, unknown>, vocabulary: Vocabulary): Reading {
  if (Object.entries(value).some(([field, held]) => held === false && HOLDS.has(lastWord(field))))
    return null;
  const held = heldLabels(value, vocabulary);
  const named = valuesNamed(value, LABEL_NAMES);
  const found = named.length > 0 ? named : valuesNamed(value, ATTRIBUTE_NAMES);
  if (found.length === 0 && held !== undefined) return held?.length === 1 ? (held[0] as string) : null;
  const others = Object.entries(value).filter(([field]) => !isAside(field));
  const labels = new Set(
    (found.length > 0 ? found : others.map(([, inner]) => inner)).map((each) => labelOf(each, vocabulary)),
  );
  if (found.length === 0) labels.delete(null);
  if (labels.size === 0) {
    // A label in a field for something else: not to be read as prose either.
    return Object.values(value).some((each) => labelOf(each, vocabulary) !== null) ? null : undefined;
  }
  const [label = null] = labels;
  return labels.size === 1 && (held === undefined || held?.join() === label) ? label : null;
}

/**
 * The labels that hold, of an object whose fields are labels: `{"spam": false, "ham": true}`.
 * `undefined` if no field is one, `null` if one is neither true nor false.
 */
export function heldLabels(
  value: Record<string, unknown>,
  vocabulary: Vocabulary,
): string[] | null | undefined {
  const fields = Object.entries(value).flatMap(([field, inner]) => {
    const label = isName(field) ? null : vocabulary.whole(apart(field));
    return label === null ? [] : [{ label, held: HELD.get(String(inner).trim().toLowerCase()) }];
  });
  if (fields.length === 0) return undefined;
  if (fields.some(({ held }) => held === undefined)) return null;
  return fields.filter(({ held }) => held).map(({ label }) => label);
}

/** The last JSON objects of a text, back to where it draws a conclusion or corrects itself. */
export function lastObjectsOf(text: string): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let end: number | undefined;
  for (const candidate of lastObjects(text)) {
    const start = text.lastIndexOf(candidate, end === undefined ? undefined : end - candidate.length);
    const between = text.slice(start + candidate.length, end).toLowerCase();
    if (end !== undefined && (FINAL.test(between) || between.search(RETRACTION) >= 0)) break;
    const value = parsed(candidate);
    if (value !== undefined) found.push(value);
    else if (end === undefined) return [];
    end = start;
  }
  return found;
}

/** JSON, or what Python prints of the same. */
function parsed(candidate: string): Record<string, unknown> | undefined {
  const spelled = { True: "true", False: "false", None: "null" } as Record<string, string>;
  const python = candidate
    .replace(/'/g, '"')
    .replace(/(?<!\p{L})(?:True|False|None)(?!\p{L})/gu, (word) => spelled[word] ?? word);
  for (const text of [candidate, python]) {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {}
  }
  return undefined;
}

/** Values of the fields that are called so, those of an object in such a field included. */
export function valuesNamed(value: Record<string, unknown>, names: ReadonlySet<string>): unknown[] {
  return Object.entries(value)
    .filter(([field]) => names.has(lastWord(field)) && !isAside(field))
    .map(([, inner]) => {
      const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner);
      const within = isObject ? valuesNamed(inner as Record<string, unknown>, names) : [];
      return within.length > 0 ? within[0] : inner;
    });
}

/** `rejected_label`, `not`, `reason`. */
function isAside(field: string): boolean {
  const words = wordsOf(apart(field).toLowerCase());
  return (
    ASIDE_FIELDS.has(words.at(-1)?.text ?? "") ||
    words.some(({ text }) => OTHERS.has(text) || REJECTED.has(text))
  );
}

function isName(field: string): boolean {
  const word = lastWord(field);
  return LABEL_NAMES.has(word) || ATTRIBUTE_NAMES.has(word);
}

/** `predicted_label` and `predictedLabel` are called "label". */
function lastWord(field: string): string {
  return wordsOf(apart(field).toLowerCase()).at(-1)?.text ?? "";
}

function apart(field: string): string {
  return field.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
}

function labelOf(value: unknown, vocabulary: Vocabulary): string | null {
  const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof single === "object" && single !== null && !Array.isArray(single)) {
    const held = heldLabels(single as Record<string, unknown>, vocabulary);
    return held?.length === 1 ? (held[0] as string) : null;
  }
  return ["string", "number", "boolean"].includes(typeof single) ? vocabulary.whole(String(single)) : null;
}
