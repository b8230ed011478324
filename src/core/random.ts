import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Random } from "./types.js";

/** The first outputs of a small seed are poorly mixed. */
const WARM_UP = 32;

/**
 * Independent streams of random numbers from one seed: every part that draws
 * gets its own, so that the draws of one arm never shift those of another.
 */
export function randomStreams(seed: number): () => Random {
  const root = warmGenerator(seed);
  return () => streamOf(root.next());
}

/**
 * The stream of one unit of one question: a function of what the question says, not of
 * its place or of when it was asked, so that neither other questions nor the order in
 * which calls come back shift its draws. Nothing is computed before the first draw.
 *
 * @param occurrence which of several equal questions it is, from 0
 * @param unit which unit of the question, from 0
 */
export function unitStream(seed: number, question: string, occurrence: number, unit: number): Random {
  let own: Random | undefined;
  return () => {
    own ??= streamOf([hashOf(question), occurrence, unit].reduce(mixed, seed));
    return own();
  };
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  }
  return hash;
}

/** One number of 32 bits from two, by the finalizer of MurmurHash3: neighbours end far apart. */
function mixed(hash: number, next: number): number {
  let bits = Math.imul(hash, 0x9e3779b1) ^ next;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function streamOf(seed: number): Random {
  const own = warmGenerator(seed);
  return () => uniformFloat64(own);
}

function warmGenerator(seed: number): ReturnType<typeof xoroshiro128plus> {
  const generator = xoroshiro128plus(seed);
  for (let skipped = 0; skipped < WARM_UP; skipped++) generator.next();
  return generator;
}

/**
 * `count` different items in random order, all of them if there are fewer
 * (a partial Fisher-Yates shuffle; the argument is left alone).
 */
export function drawWithoutReplacement<Item>(items: readonly Item[], count: number, random: Random): Item[] {
  const pool = [...items];
  const drawn = Math.min(count, pool.length);
  for (let place = 0; place < drawn; place++) {
    const pick = place + Math.floor(random() * (pool.length - place));
    [pool[place], pool[pick]] = [pool[pick] as Item, pool[place] as Item];
  }
  return pool.slice(0, drawn);
}
