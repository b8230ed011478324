import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proportion } from "../../src/evaluation/statistics.js";

const counts = fc.nat({ max: 500 }).chain((total) => fc.tuple(fc.nat({ max: total }), fc.constant(total)));

describe("proportion", () => {
  it("gives Wilson's interval, as published tables have it", () => {
    // Newcombe 1998, table I: 81 of 263 and 1 of 29, Wilson's score without continuity correction.
    expect(proportion(81, 263).low).toBeCloseTo(0.2553, 4);
    expect(proportion(81, 263).high).toBeCloseTo(0.3662, 4);
    expect(proportion(1, 29).low).toBeCloseTo(0.0061, 4);
    expect(proportion(1, 29).high).toBeCloseTo(0.1718, 4);
  });

  it("holds the share between its bounds, and the bounds in [0, 1]", () => {
    fc.assert(
      fc.property(counts, ([hits, total]) => {
        const { share, low, high } = proportion(hits, total);
        if (total === 0) return Number.isNaN(share) && low === 0 && high === 1;
        return 0 <= low && low <= share && share <= high && high <= 1;
      }),
      { seed: 1 },
    );
  });

  it("treats hits and misses alike", () => {
    fc.assert(
      fc.property(counts, ([hits, total]) => {
        expect(proportion(total - hits, total).low).toBeCloseTo(1 - proportion(hits, total).high, 10);
      }),
      { seed: 2 },
    );
  });
});
