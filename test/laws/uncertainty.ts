import fc from "fast-check";
import { expect } from "vitest";
import type { UncertaintyMeasure } from "../../src/core/types.js";
import { deepFreeze } from "./arbitrary.js";
import type { Laws } from "./arbitrary.js";

const answers = fc.array(fc.constantFrom("a", "b", "c", "d", "constructor", null), {
  minLength: 1,
  maxLength: 24,
});
const length = fc.integer({ min: 1, max: 40 });

function assertFor<Given>(given: fc.Arbitrary<Given>, law: (given: Given) => void): void {
  fc.assert(
    fc.property(given, (each) => {
      law(each);
    }),
    { seed: 13, numRuns: 400 },
  );
}

function all<Answer>(count: number, answer: Answer): Answer[] {
  return Array.from({ length: count }, () => answer);
}

export const uncertaintyLaws: Laws<UncertaintyMeasure> = {
  "lies in [0, 1] and leaves the answers alone"(make) {
    assertFor(answers, (given) => {
      const value = make()(deepFreeze(given));
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    });
  },
  "is 1 where nothing could be read: no response, or none readable"(make) {
    expect(make()([])).toBe(1);
    assertFor(length, (count) => expect(make()(all(count, null))).toBeCloseTo(1, 12));
  },
  "is 0 where all responses agree"(make) {
    assertFor(length, (count) => expect(make()(all(count, "same"))).toBeCloseTo(0, 12));
  },
  "is above 0 where one response differs or cannot be read"(make) {
    assertFor(fc.tuple(length, fc.constantFrom("other", null)), ([count, odd]) => {
      expect(make()([...all(count, "same"), odd])).toBeGreaterThan(0);
    });
  },
  "does not depend on the order of the responses"(make) {
    const shuffled = answers.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }),
      ),
    );
    assertFor(shuffled, ([given, other]) => expect(make()(other)).toBeCloseTo(make()(given), 12));
  },
  "does not depend on what the answers are called"(make) {
    const renamed = new Map([
      ["a", "b"],
      ["b", "__proto__"],
      ["c", "42"],
      ["d", ""],
      ["constructor", "a"],
    ]);
    assertFor(answers, (given) => {
      const other = given.map((answer) => (answer === null ? null : (renamed.get(answer) ?? answer)));
      expect(make()(other)).toBeCloseTo(make()(given), 12);
    });
  },
  "never falls when an unreadable response joins unanimous ones"(make) {
    assertFor(fc.tuple(length, length), ([count, unreadable]) => {
      const before = [...all(count, "same"), ...all(unreadable - 1, null)];
      expect(make()([...before, null])).toBeGreaterThanOrEqual(make()(before) - 1e-12);
    });
  },
};
