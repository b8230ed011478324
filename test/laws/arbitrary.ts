import fc from "fast-check";
import { randomStreams } from "../../src/core/random.js";
import type { Arm, Random, Sample } from "../../src/core/types.js";

/** The contract of a family: each law takes a maker of the member and fails if the member breaks it. */
export type Laws<Member> = Record<string, (make: () => Member) => void>;

/** The same stream every time it is opened. */
export function openStream(seed: number): Random {
  return randomStreams(seed)();
}

/** In strict mode a frozen argument makes every mutation throw. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** What one call brings back: read, unreadable, blank, failed, or failed after it answered. */
export const outcome: fc.Arbitrary<Pick<Sample, "text" | "answer" | "error">> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ text: fc.constant("text"), answer: fc.constantFrom("a", "b", "c") }) },
  {
    weight: 2,
    arbitrary: fc.record({ text: fc.constantFrom("text", "", " \n\t"), answer: fc.constant(null) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      text: fc.constantFrom("", "text"),
      answer: fc.constantFrom(null, "a", "b"),
      error: fc.constant(new Error("call failed")),
    }),
  },
);

export function samples(minLength: number, maxLength: number): fc.Arbitrary<Sample[]> {
  return fc.array(fc.tuple(outcome, fc.boolean(), fc.nat()), { minLength, maxLength }).map((rows) =>
    rows.map(([reply, chained, pick], index) => ({
      ...reply,
      usage: {},
      index,
      round: Math.floor(index / 4),
      purpose: "answer" as const,
      stage: chained && index > 0 ? ("sequential" as const) : ("parallel" as const),
      parents: chained && index > 0 ? [pick % index] : [],
    })),
  );
}

/** An arm between two rounds, at the start of its next unit. */
export function arm(index: number, minSamples: number): fc.Arbitrary<Arm> {
  return fc
    .record({ samples: samples(minSamples, 20), uncertainty: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map((rest) => ({
      ...rest,
      index,
      question: `question ${index}`,
      unitStart: rest.samples.length,
      inFlight: 0,
    }));
}
