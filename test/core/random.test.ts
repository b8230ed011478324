import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawWithoutReplacement, randomStreams } from "../../src/core/random.js";

function take(random: () => number, count: number): number[] {
  return Array.from({ length: count }, () => random());
}

/** Sum of (seen - expected)^2 / expected over equally likely classes. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("randomStreams", () => {
  it("gives the same streams for the same seed, in the order opened", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [one, other] = [randomStreams(seed), randomStreams(seed)];
        for (let stream = 0; stream < 4; stream++) expect(take(one(), 5)).toEqual(take(other(), 5));
      }),
      { seed: 31 },
    );
  });

  it("never lets the draws of one stream shift those of another", () => {
    const [lazy, busy] = [randomStreams(7), randomStreams(7)];
    const [firstLazy, secondLazy] = [lazy(), lazy()];
    const firstBusy = busy();
    take(firstBusy, 1000);
    const secondBusy = busy();
    take(firstBusy, 1000);
    expect(take(secondBusy, 20)).toEqual(take(secondLazy, 20));
    expect(take(firstLazy, 2020).slice(2000)).toEqual(take(firstBusy, 20));
  });

  it("gives different streams for neighbouring seeds and neighbouring places", () => {
    const firsts = Array.from({ length: 50 }, (_, place) => {
      const nextStream = randomStreams(place - 25);
      return Array.from({ length: 20 }, () => nextStream()());
    }).flat();
    expect(new Set(firsts).size).toBe(firsts.length);
    // 1,000 first numbers in 10 classes: 27.9 is the 99.9 % quantile with 9 degrees of freedom.
    const counts = Array.from(
      { length: 10 },
      (_, bin) => firsts.filter((x) => Math.floor(x * 10) === bin).length,
    );
    expect(chiSquare(counts)).toBeLessThan(27.9);
  });

  it("draws from [0, 1)", () => {
    for (const number of take(randomStreams(3)(), 5000)) {
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
    }
  });
});

describe("drawWithoutReplacement", () => {
  it("draws different items, as many as asked or all there are, and leaves the items alone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat(12), fc.integer(), (items, count, seed) => {
        const drawn = drawWithoutReplacement(Object.freeze(items), count, randomStreams(seed)());
        expect(drawn).toHaveLength(Math.min(count, items.length));
        expect(new Set(drawn).size).toBe(drawn.length);
        expect(items).toEqual(expect.arrayContaining(drawn));
      }),
      { seed: 32 },
    );
  });

  it("keeps equal items apart: two of them can both be drawn", () => {
    expect(drawWithoutReplacement(["x", "x", "x"], 3, randomStreams(0)())).toEqual(["x", "x", "x"]);
  });

  it("draws every ordered choice equally often", () => {
    const random = randomStreams(5)();
    const seen = new Map<string, number>();
    for (let draw = 0; draw < 12_000; draw++) {
      const order = drawWithoutReplacement(["a", "b", "c", "d"], 2, random).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(12);
    // The 99.9 % quantile with 11 degrees of freedom.
    expect(chiSquare([...seen.values()])).toBeLessThan(31.3);
  });

  it("draws every permutation of four thoughts equally often", () => {
    const random = randomStreams(6)();
    const seen = new Map<string, number>();
    for (let draw = 0; draw < 24_000; draw++) {
      const order = drawWithoutReplacement([0, 1, 2, 3], 4, random).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    // The 99.9 % quantile with 23 degrees of freedom.
    expect(chiSquare([...seen.values()])).toBeLessThan(49.7);
  });

  it("stays within the items at both ends of the random numbers", () => {
    const items = ["a", "b", "c"];
    expect(drawWithoutReplacement(items, 3, () => 0)).toEqual(["a", "b", "c"]);
    expect(drawWithoutReplacement(items, 3, () => 1 - 2 ** -53).toSorted()).toEqual(items);
  });
});
