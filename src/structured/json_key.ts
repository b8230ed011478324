import { UnreadableAnswer } from "../core/errors.js";
import { below, everywhere } from "./rules.js";
import type { ArrayRule, RulesAt } from "./rules.js";

/** Deepest nesting that is read, in levels; schemas of real data stay far below. */
const MOST_LEVELS = 200;

/**
 * Canonical JSON of a value, equal for two values exactly if they count as the same:
 * the order of keys, the way a number is written, Unicode forms (NFC) and the amount
 * of white space in a text make no difference, nor does white space at its ends. The
 * order of an array does, unless its rule says otherwise. A field that is missing is
 * not the same as one that is `null`.
 *
 * @param path of the value, as in `ObjectRules.fields`
 * @throws {UnreadableAnswer} if JSON cannot hold the value, or it is nested more than 200 levels deep
 */
export function jsonKey(value: unknown, rulesAt: RulesAt, path = ""): string {
  return write(value, { rulesAt, text: plainString }, path, 0);
}

/** As `jsonKey`, but texts are as they are written, and arrays as they stand. */
export function spelling(value: unknown): string {
  return write(value, { rulesAt: everywhere, text: (text) => text }, "", 0);
}

/** Of items that count as the same, one of those whose values are most often spelled alike: the first. */
export function mostSpelled<Item>(items: readonly [Item, ...Item[]], valueOf: (item: Item) => unknown): Item {
  const [first] = items;
  const kind = typeof valueOf(first);
  if (items.length < 3 || (kind !== "string" && kind !== "object")) return first;
  const counts = new Map<string, { item: Item; count: number }>();
  for (const item of items) {
    const name = spelling(valueOf(item));
    const known = counts.get(name) ?? { item, count: 0 };
    known.count += 1;
    counts.set(name, known);
  }
  const [most] = [...counts.values()].toSorted((a, b) => b.count - a.count);
  return most?.item ?? first;
}

/** The canonical form of a text. */
export function plainString(text: string): string {
  return text.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
}

/** Fields of an object that are there; `undefined` is missing, as JSON has it. */
export function presentFields(value: object): [name: string, value: unknown][] {
  return Object.entries(value).filter(([, inner]) => inner !== undefined);
}

/** Whether a value has fields of its own to vote on; a date, say, is written as one value. */
export function hasFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isWritten(value);
}

function isWritten(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

/** Name that `byKey` matches an element by. */
export function elementKey(element: unknown, rule: ArrayRule, rulesAt: RulesAt, path: string): string {
  if (rule.kind !== "key" || !hasFields(element) || !Object.hasOwn(element, rule.name)) {
    return jsonKey(element, rulesAt, path);
  }
  const named = (element as Record<string, unknown>)[rule.name];
  return jsonKey(named ?? element, rulesAt, path);
}

/** @throws {UnreadableAnswer} if a value is nested too deeply for validators, which recurse */
export function requireShallow(value: unknown, levels = 0): void {
  if (levels > MOST_LEVELS) throw tooDeep();
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) requireShallow(inner, levels + 1);
}

interface Form {
  rulesAt: RulesAt;
  text(text: string): string;
}

function write(value: unknown, form: Form, path: string, levels: number): string {
  if (levels > MOST_LEVELS) throw tooDeep();
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(form.text(value));
  if (typeof value === "bigint") return String(value);
  // -0 + 0 is 0.
  if (typeof value === "number" && Number.isFinite(value)) return String(value + 0);
  if (typeof value !== "object") throw notJson(value);
  if (Array.isArray(value)) {
    const elements = Array.from(value, (inner: unknown) => write(inner ?? null, form, path, levels + 1));
    return `[${arranged(elements, form.rulesAt(path).arrays).join(",")}]`;
  }
  if (isWritten(value)) {
    return write(value.toJSON() ?? null, form, path, levels + 1);
  }
  if (isOpaque(value)) throw notJson(value);
  const fields = presentFields(value).map(([name, inner]): [string, string] => [
    JSON.stringify(name.normalize("NFC")),
    write(inner, form, below(path, name), levels + 1),
  ]);
  return `{${fields
    .map(([name, text]) => `${name}:${text}`)
    .toSorted(byCodeUnit)
    .join(",")}}`;
}

function arranged(elements: string[], { kind }: ArrayRule): string[] {
  if (kind === "position") return elements;
  return (kind === "set" ? [...new Set(elements)] : elements).toSorted(byCodeUnit);
}

/** An order that no locale changes. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Whether an object hides what it holds, as a map or a regular expression does: all of them would look empty. */
function isOpaque(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return !isPlain && Object.keys(value).length === 0;
}

function tooDeep(): UnreadableAnswer {
  return new UnreadableAnswer(`The object is nested more than ${MOST_LEVELS} levels deep.`);
}

function notJson(value: unknown): UnreadableAnswer {
  const what = typeof value === "object" ? (value?.constructor.name ?? "object") : typeof value;
  return new UnreadableAnswer(
    `A value of the object cannot be written as JSON (${what}), so it cannot be voted on.`,
  );
}
