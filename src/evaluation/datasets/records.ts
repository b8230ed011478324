import { OptionError } from "../../core/errors.js";
import { readJsonLines, unreadable } from "../json_lines.js";
import { readCsv } from "./csv.js";

/** One entry of a published dataset. */
export interface DatasetRecord {
  /** Values by the name of their field, in lower case. */
  fields: ReadonlyMap<string, unknown>;
  /** Line on which it begins, from 1. */
  number: number;
  /** Its text, for messages. */
  text: string;
}

/**
 * Reads JSON lines or a CSV table with a head, whichever the text is.
 *
 * @throws {OptionError} that names the first line which cannot be read
 */
export function readRecords(text: string): DatasetRecord[] {
  // A list is no table either: who reads lines says what to do with it.
  return /^\uFEFF?\s*[[{]/.test(text) ? readJsonLines(text, ofJson) : ofTable(text);
}

function ofJson(fields: Record<string, unknown>, number: number, text: string): DatasetRecord {
  return { fields: named(Object.entries(fields)), number, text };
}

function ofTable(text: string): DatasetRecord[] {
  const [head, ...rows] = readCsv(text);
  return rows.map(({ cells, number }) => {
    const line = cells.join(",");
    const columns = head?.cells ?? [];
    if (cells.length !== columns.length) {
      throw unreadable(number, line, `It has ${cells.length} cells; the head has ${columns.length}.`);
    }
    const fields = named(columns.map((column, place) => [column, cells[place]]));
    return { fields, number, text: line };
  });
}

function named(entries: readonly [string, unknown][]): Map<string, unknown> {
  return new Map(entries.map(([name, value]) => [name.trim().toLowerCase(), value]));
}

/**
 * The text of the first of these fields that is there.
 *
 * @param names as published, in any case
 * @throws {OptionError} that names the line, if none is there or the value is no text
 */
export function textOf({ fields, number, text }: DatasetRecord, names: readonly string[]): string {
  const name = names.find((each) => fields.has(each.toLowerCase()));
  const value = name === undefined ? undefined : fields.get(name.toLowerCase());
  if ((typeof value !== "string" && typeof value !== "number") || String(value).trim() === "") {
    throw unreadable(number, text, `It needs ${names.map((each) => `"${each}"`).join(" or ")}.`);
  }
  return String(value).trim();
}

/** The id of a record: that of the first field which is there, else its place in the dataset, from 1. */
export function idOf(record: DatasetRecord, names: readonly string[], place: number): string {
  const there = names.filter((name) => record.fields.has(name.toLowerCase()));
  return there.length === 0 ? String(place + 1) : textOf(record, there);
}

/** @throws {OptionError} if there is no question, or two have the same id */
export function requireDataset<Item extends { id: string }>(items: readonly Item[]): Item[] {
  if (items.length === 0) throw new OptionError("dataset", "", "It holds no question.");
  const ids = new Set<string>();
  for (const { id } of items) {
    if (ids.has(id)) throw new OptionError("dataset", id, "Two questions have this id; ids must differ.");
    ids.add(id);
  }
  return [...items];
}
