import { ucb } from "../allocators/ucb.js";
import type { UcbOptions } from "../allocators/ucb.js";
import { voteIndex } from "../allocators/vote_index.js";
import { OptionError } from "../core/errors.js";
import type { Allocator } from "../core/types.js";
import { ALLOCATORS } from "./families.js";
import { named, number, wholeNumber } from "./flags.js";
import { UsageError } from "./usage_error.js";

/** Options of an allocator, under the names that a user types. */
export type Tuning = Partial<Record<Key, number>>;

type Key = "c" | "share" | "price" | "maxSamples";

/** What each is called in errors, and how it is read. */
const KEYS: Record<Key, { what: string; read(option: string, value: string): number }> = {
  c: { what: "exploration ratio", read: (option, value) => number(option, value, 0) },
  share: { what: "top-ranked share", read: (option, value) => number(option, value, 0) },
  price: { what: "price", read: (option, value) => number(option, value, 0) },
  maxSamples: { what: "cap", read: (option, value) => wholeNumber(option, value, 1) },
};

/** The help text on them. */
export const TUNING_HELP: string = `\
  exploration ratio of ucb   c=NUMBER
  top-ranked share           share=NUMBER, of ucb and voteIndex
  price of voteIndex         price=NUMBER: below it a question gets no more; rule of
                             thumb from B = 4 up: 0.13 / B^2 for B samples on average
                             (measured 0.3 B on easy sets to 0.9 B on hard ones)
  cap of voteIndex           maxSamples=NUMBER of one question`;

interface Owner {
  keys: readonly Key[];
  make(tuning: Tuning, paper: UcbOptions): Allocator;
}

/** The allocators that can be tuned. */
const OWNERS: Record<string, Owner> = {
  ucb: {
    keys: ["c", "share"],
    make: ({ c, share }, paper) =>
      ucb({
        ...paper,
        ...(c !== undefined && { explorationRatio: c }),
        ...(share !== undefined && { roundShare: share }),
      }),
  },
  voteIndex: {
    keys: ["share", "price", "maxSamples"],
    make: ({ share, price, maxSamples }) =>
      voteIndex({
        ...(share !== undefined && { roundShare: share }),
        ...(price !== undefined && { price }),
        ...(maxSamples !== undefined && { maxSamples }),
      }),
  },
};

/**
 * Reads `key=value` into `tuning`.
 *
 * @param option what errors call the option that holds it
 * @returns what is changed; `null` if no allocator has such an option
 * @throws {UsageError} if the value is no number, or out of range
 */
export function readTuning(option: string, change: string, tuning: Tuning): string | null {
  const split = change.indexOf("=");
  const [key, value] = [change.slice(0, split), change.slice(split + 1)];
  if (!Object.hasOwn(KEYS, key)) return null;
  const { what, read } = KEYS[key as Key];
  tuning[key as Key] = read(`${option}, ${key}`, value);
  return what;
}

/**
 * The allocator with these options.
 *
 * @param given what errors quote: the option and its value
 * @param paper what the bandit of the method has instead of its defaults
 * @throws {UsageError} if an option is not one of this allocator, or out of range
 */
export function tuned(given: string, name: string, tuning: Tuning, paper: UcbOptions = {}): Allocator {
  const owner = Object.hasOwn(OWNERS, name) ? OWNERS[name] : undefined;
  const alien = (Object.keys(tuning) as Key[]).find((key) => owner?.keys.includes(key) !== true);
  if (alien !== undefined || owner === undefined) {
    const owners = Object.keys(OWNERS).filter((each) => alien && OWNERS[each]?.keys.includes(alien));
    throw new UsageError(
      `${given}, but ${alien} belongs to ${owners.join(" and ")}; its allocator is ${name}.`,
    );
  }
  try {
    return owner.make(tuning, paper);
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(`${given}. ${error.message}`) : error;
  }
}

/**
 * Reads the allocator of `dynscaling run`: a name, or a name with options, such as
 * `voteIndex+share=0.1+price=0.002`.
 *
 * @throws {UsageError} that names the option, the value and the fix
 */
export function parseAllocator(text: string): Allocator {
  const [name = "", ...changes] = text.split("+");
  const make = named("allocator", name, ALLOCATORS);
  if (changes.length === 0) return make();
  const tuning: Tuning = {};
  const made = new Set<string>();
  for (const change of changes) {
    const what = readTuning("allocator", change, tuning);
    if (what === null)
      throw new UsageError(`--allocator: got "${text}", of which "${change}" is unknown. See --help.`);
    if (made.has(what))
      throw new UsageError(`--allocator: got "${text}", which gives the ${what} more than once.`);
    made.add(what);
  }
  return tuned(`--allocator: got "${text}"`, name, tuning);
}
