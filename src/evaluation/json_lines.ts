import { OptionError } from "../core/errors.js";

/**
 * Reads JSON objects, one a line; empty lines are skipped.
 *
 * @throws {OptionError} that names the first line which holds no object, or what `read` throws
 */
export function readJsonLines<Item>(
  text: string,
  read: (fields: Record<string, unknown>, number: number, line: string) => Item,
): Item[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, place) =>
      line.trim() === "" ? [] : [read(readObject(line, place + 1), place + 1, line)],
    );
}

function readObject(line: string, number: number): Record<string, unknown> {
  if (line.trimStart().startsWith("[")) {
    throw unreadable(
      number,
      line,
      "It is a list: write one JSON object a line, without brackets around them.",
    );
  }
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch (error) {
    throw unreadable(number, line, `It is no JSON object (${(error as Error).message}).`);
  }
  if (typeof fields !== "object" || fields === null) {
    throw unreadable(number, line, "Write one JSON object a line.");
  }
  return fields as Record<string, unknown>;
}

/** Says which line cannot be read, and why. */
export function unreadable(number: number, line: string, fix: string): OptionError {
  return new OptionError(`line ${number}`, line.length > 80 ? `${line.slice(0, 80)}…` : line, fix);
}
