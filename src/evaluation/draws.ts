import { drawWithoutReplacement } from "../core/random.js";
import type { Random } from "../core/types.js";

/**
 * How a replay draws from what was recorded of a question: its responses, or its units.
 * The n-th item of a question follows from the seed, the question and n alone, so that
 * all methods of one seed see the same responses.
 */
export interface Draw {
  name: string;
  /** @returns the n-th item (from 0) of the question; `undefined` if there are no more */
  open<Item>(items: readonly Item[], random: Random): (n: number) => Item | undefined;
}

/** As if the recorded answers were all that the model can say: samples without end. */
export const withReplacement: Draw = {
  name: "withReplacement",
  open(items, random) {
    return endless(items, () => {
      const place = Math.floor(random() * items.length);
      return items.slice(place, place + 1);
    });
  },
};

/**
 * A random order of the recorded responses, each used once; a question whose pool
 * is used up gets nothing more, which caps what any method can waste on it.
 */
export const withoutReplacement: Draw = {
  name: "withoutReplacement",
  open(items, random) {
    const order = drawWithoutReplacement(items, items.length, random);
    return (n) => order[n];
  },
};

/**
 * All of them in a random order, then all again in another: exact, as without
 * replacement, for every question that needs no more than was recorded, and without
 * end for the others.
 */
export const inPasses: Draw = {
  name: "inPasses",
  open(items, random) {
    return endless(items, () => drawWithoutReplacement(items, items.length, random));
  },
};

/** What `next` gives, again and again, as long as there is anything to draw from. */
function endless<Item>(items: readonly Item[], next: () => readonly Item[]): (n: number) => Item | undefined {
  const drawn: Item[] = [];
  return (n) => {
    while (items.length > 0 && drawn.length <= n) drawn.push(...next());
    return drawn[n];
  };
}

/** Opens the draws of every question, each from a stream of its own. */
export function openDraws<Item>(
  pools: readonly (readonly Item[])[],
  draw: Draw,
  nextStream: () => Random,
): ((n: number) => Item | undefined)[] {
  return pools.map((items) => draw.open(items, nextStream()));
}
