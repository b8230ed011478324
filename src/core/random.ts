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
  return () => {
    const own = warmGenerator(root.next());
    return () => uniformFloat64(own);
  };
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
