import { OptionError, requireInteger } from "../core/errors.js";

/** Tokens of a text. */
export type CountTokens = (text: string) => number | Promise<number>;

/**
 * Bytes of a response that are quoted at most, unless a limit is given: those of the 8,192
 * tokens of the paper's setting are fewer in any language, and four such responses fit
 * into the context of 128,000 tokens that most models have.
 */
const DEFAULT_THOUGHT_BYTES = 65_536;

/** How much a prompt quotes of each response. */
export interface ThoughtLimit {
  /** Most tokens of one quoted response; of a longer one its end is quoted. At least 1. Default 65,536 bytes. */
  maxThoughtTokens?: number | undefined;
  /** Default: one token for each byte of UTF-8, which no tokenizer that reads bytes exceeds. */
  countTokens?: CountTokens | undefined;
}

/** Stands where the beginning of a response was cut off; it counts towards no limit. */
export const CUT_MARK = "[The beginning of this attempt is left out.]\n…";

/** @throws {OptionError} if the limit or the counter is none, or a counter has nothing to count for */
export function requireThoughtLimit(owner: string, { maxThoughtTokens, countTokens }: ThoughtLimit): void {
  const option = `${owner}.maxThoughtTokens`;
  if (maxThoughtTokens !== undefined) requireInteger(option, maxThoughtTokens, 1);
  else if (countTokens !== undefined)
    throw new OptionError(option, undefined, "A counter needs a limit to count for.");
  if (countTokens !== undefined && typeof countTokens !== "function") {
    throw new OptionError(`${owner}.countTokens`, countTokens, "Give a function from a text to its tokens.");
  }
}

/**
 * A text of at most `maxThoughtTokens`, or the longest end of it that was found, behind
 * a mark. Counts pieces of the end alone, so a long text costs no more than the limit.
 */
export async function cutThought(text: string, limit: ThoughtLimit): Promise<string> {
  const { maxThoughtTokens = DEFAULT_THOUGHT_BYTES, countTokens = bytesOf } = limit;
  // The usual case: a code unit has three bytes at most.
  if (countTokens === bytesOf && text.length * 3 <= maxThoughtTokens) return text;
  const fits = async (length: number): Promise<boolean> =>
    (await countTokens(endOf(text, length))) <= maxThoughtTokens;
  let longest = 0;
  let next = Math.min(text.length, maxThoughtTokens);
  while (next > longest && (await fits(next))) {
    longest = next;
    next = Math.min(text.length, 2 * next);
  }
  if (longest === text.length) return text;
  for (let tooLong = next; tooLong - longest > 1;) {
    const middle = Math.floor((longest + tooLong) / 2);
    if (await fits(middle)) longest = middle;
    else tooLong = middle;
  }
  return CUT_MARK + endOf(text, longest);
}

/** The last `length` code units, without half of a character in front. */
function endOf(text: string, length: number): string {
  const end = text.slice(text.length - length);
  const first = end.charCodeAt(0);
  return first >= 0xdc00 && first <= 0xdfff ? end.slice(1) : end;
}

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}
