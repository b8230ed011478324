import { OptionError } from "../core/errors.js";
import { canonicalAnswer } from "./canonical.js";

/** How many of the last objects in a text are tried. */
const TRIED_OBJECTS = 8;

/**
 * An extractor for one field of the last JSON object in the text, fenced or not.
 * Strings become canonical answers; numbers and booleans their text; arrays and
 * objects their JSON with sorted keys. A missing or null field, or no object: `null`.
 *
 * @param field name of a top-level field, at least one character
 * @throws {OptionError} if `field` is no such name
 */
export function json(field: string): (text: string) => string | null {
  if (typeof field !== "string" || field === "") {
    throw new OptionError("json.field", field, 'Give the name of a field, such as json("answer").');
  }
  return (text) => {
    for (const candidate of lastObjects(text)) {
      const value = parse(candidate);
      if (value !== null && Object.hasOwn(value, field)) return fieldAnswer(value[field]);
    }
    return null;
  };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function fieldAnswer(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return canonicalAnswer(String(value));
  try {
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  } catch {
    // Nested too deeply to be written: `JSON.parse` goes deeper than `JSON.stringify`.
    return null;
  }
}

/**
 * Complete `{…}` stretches that no other one encloses, last first, found in one
 * pass. Braces inside strings do not count; quotes outside of objects, and braces
 * that are never closed, are prose.
 */
function lastObjects(text: string): string[] {
  const open: number[] = [];
  const found: { start: number; end: number }[] = [];
  for (let at = 0; ;) {
    const token = nextToken(text, at, open.length > 0);
    if (token === null) break;
    at = token.index + token[0].length;
    if (token[0] === "{") open.push(token.index);
    else if (token[0] === "}" && open.length > 0) {
      const start = open.pop() as number;
      while ((found.at(-1)?.start ?? -1) > start) found.pop();
      found.push({ start, end: at });
    }
  }
  return found
    .slice(-TRIED_OBJECTS)
    .toReversed()
    .map(({ start, end }) => text.slice(start, end));
}

function nextToken(text: string, from: number, inObject: boolean): RegExpExecArray | null {
  const token = inObject ? /[{}]|"(?:[^"\\\n]|\\.)*"?/g : /[{}]/g;
  token.lastIndex = from;
  return token.exec(text);
}
