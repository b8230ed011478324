import { describe, expect, it } from "vitest";
import { random, ranked, ucb, uniform } from "../src/allocators/index.js";
import { OptionError } from "../src/core/errors.js";
import type { AllocationContext, Arm, Sample } from "../src/core/types.js";
import { integrated } from "../src/samplers/index.js";
import { inverseMargin, normalizedEntropy, variationRatio } from "../src/uncertainty/index.js";
import { conditionedOnly, drawn, majority, majorityOf } from "../src/voting/index.js";
import { openStream } from "./laws/arbitrary.js";

/** One sample per letter; `-` is unreadable, an upper-case letter a conditioned sample. */
function cast(letters: string): Sample[] {
  return Array.from(letters, (letter, index) => ({
    index,
    round: 0,
    stage: letter !== letter.toLowerCase() ? "sequential" : "parallel",
    purpose: "answer",
    parents: [],
    text: letter,
    answer: letter === "-" ? null : letter.toLowerCase(),
    usage: {},
  }));
}

function arms(...counts: number[]): Arm[] {
  return counts.map((count, index) => ({
    index,
    question: "q",
    samples: cast("a".repeat(count)),
    unitStart: count,
    inFlight: 0,
    uncertainty: 0,
  }));
}

function context(pulls: number, unitSamples: number, seed = 0): AllocationContext {
  return {
    usedSamples: 40,
    unitSamples,
    pulls,
    arms: 4,
    slots: Infinity,
    meanOutputTokens: null,
    random: openStream(seed),
  };
}

describe("the uncertainty of answers worked out by hand", () => {
  const { LN2 } = Math;
  it.each([
    // answers, 1 - max/n, 1 - (first - second)/n, -sum p ln p / ln n
    { letters: "aabc", ratio: 1 / 2, margin: 3 / 4, entropy: (1.5 * LN2) / Math.log(4) },
    { letters: "aabb", ratio: 1 / 2, margin: 1, entropy: 1 / 2 },
    { letters: "aaab", ratio: 1 / 4, margin: 1 / 2, entropy: (2 * LN2 - 0.75 * Math.log(3)) / Math.log(4) },
    { letters: "abcd", ratio: 3 / 4, margin: 1, entropy: 1 },
    { letters: "aa--", ratio: 1 / 2, margin: 3 / 4, entropy: (1.5 * LN2) / Math.log(4) },
    { letters: "a-", ratio: 1 / 2, margin: 1, entropy: 1 },
    {
      letters: "aaaaaaab",
      ratio: 1 / 8,
      margin: 1 / 4,
      entropy: (3 * LN2 - (7 / 8) * Math.log(7)) / Math.log(8),
    },
  ])("$letters", ({ letters, ratio, margin, entropy }) => {
    const answers = cast(letters).map(({ answer }) => answer);
    expect(variationRatio(answers)).toBeCloseTo(ratio, 12);
    expect(inverseMargin(answers)).toBeCloseTo(margin, 12);
    expect(normalizedEntropy(answers)).toBeCloseTo(entropy, 12);
  });
});

describe("majority", () => {
  const vote = (letters: string, options = {}, seed = 0): string => {
    const { winner, votes } = majorityOf(options)(cast(letters), openStream(seed));
    return `${winner}: ${votes.map(({ answer, count }) => answer + count).join(" ")}`;
  };

  it("lets all responses vote, the conditioned ones too, and the answer given first win a tie", () => {
    expect(vote("abBcB")).toBe("1: b3 a1 c1");
    expect(vote("baba")).toBe("0: b2 a2");
    expect(vote("c-baba")).toBe("2: b2 a2 c1");
    expect(majority(cast("baba"), openStream(0))).toEqual(majorityOf()(cast("baba"), openStream(0)));
  });

  it("can draw the winner of a tie among all its answers, and lists it first", () => {
    const outcomes = Array.from({ length: 60 }, (_, seed) => vote("cbabca", { ties: drawn }, seed));
    expect(new Set(outcomes)).toEqual(new Set(["0: c2 b2 a2", "1: b2 c2 a2", "2: a2 c2 b2"]));
  });

  it("can hear conditioned responses only, and hears all where none of them is readable", () => {
    expect(vote("aaaBBC", { voters: conditionedOnly })).toBe("3: b2 c1");
    expect(vote("aab", { voters: conditionedOnly })).toBe("0: a2 b1");
    const unread = cast("aabB").map((sample) => ({
      ...sample,
      answer: sample.index === 3 ? null : sample.answer,
    }));
    expect(majorityOf({ voters: conditionedOnly })(unread, openStream(0)).winner).toBe(0);
  });
});

describe("allocators", () => {
  it("uniform fills up the arms that are behind, the earlier input first, and keeps them within one", () => {
    expect(uniform().allocate(arms(4, 4, 4), context(5, 8))).toEqual([2, 2, 1]);
    expect(uniform().allocate(arms(6, 2, 4), context(5, 8))).toEqual([0, 4, 1]);
    expect(uniform().allocate(arms(6, 2, 4), context(99, 3))).toEqual([0, 3, 1]);
  });

  it("ranked serves the top share, rounded up, in order of rank, and cuts the last unit", () => {
    const byPlace = (roundShare: number): number[] =>
      ranked({ name: "mine", roundShare, priority: ({ index }) => index }).allocate(
        arms(1, 1, 1, 1, 1),
        context(10, 4),
      );
    expect(byPlace(0.2)).toEqual([0, 0, 0, 0, 4]);
    expect(byPlace(0.25)).toEqual([0, 0, 0, 4, 4]);
    expect(byPlace(1)).toEqual([0, 0, 2, 4, 4]);
  });

  it("ranked serves a quarter of the arms unless told otherwise", () => {
    const served = ucb().allocate(arms(1, 1, 1, 1, 1, 1, 1, 1), context(99, 4));
    expect(served).toEqual([4, 4, 0, 0, 0, 0, 0, 0]);
  });

  it("random serves every arm sooner or later, whatever the arms hold", () => {
    const served = Array.from({ length: 60 }, (_, seed) =>
      random()
        .allocate(arms(9, 1, 5, 2), context(8, 4, seed))
        .indexOf(4),
    );
    expect(new Set(served)).toEqual(new Set([0, 1, 2, 3]));
    expect(random().priority).toBeUndefined();
  });

  it("ucb adds c times the root of ln B_used over B_i to the uncertainty", () => {
    const [arm] = arms(4) as [Arm];
    const { priority } = ucb({ explorationRatio: 0.5 });
    expect(priority?.({ ...arm, uncertainty: 0.3 }, context(8, 4))).toBeCloseTo(
      0.3 + 0.5 * Math.sqrt(3.6888794541139363 / 4),
      12,
    );
  });
});

describe("options out of range", () => {
  it.each<[option: string, make: () => unknown]>([
    ["ucb.explorationRatio", () => ucb({ explorationRatio: -0.1 })],
    ["ucb.explorationRatio", () => ucb({ explorationRatio: Infinity })],
    ["ucb.explorationRatio", () => ucb({ explorationRatio: Number.NaN })],
    ["ucb.roundShare", () => ucb({ roundShare: 0 })],
    ["ucb.roundShare", () => ucb({ roundShare: 1.01 })],
    ["random.roundShare", () => random({ roundShare: Number.NaN })],
    ["ucb.c", () => ucb({ c: 1 } as object)],
    ["integrated.thoughtLength", () => integrated({ thoughtLength: 0 })],
    ["integrated.thoughtLength", () => integrated({ thoughtLength: 2.5 })],
    ["integrated.k", () => integrated({ k: 4 } as object)],
    ["majorityOf.voter", () => majorityOf({ voter: conditionedOnly } as object)],
  ])("%s is refused by name", (option, make) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(new RegExp(`^${option.replace(".", "\\.")}: got .+\\. .*(Give|known are)`));
  });
});
