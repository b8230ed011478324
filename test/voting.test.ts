import { describe, expect, it } from "vitest";
import type { Purpose, Sample } from "../src/core/types.js";
import { tieAveraged } from "../src/evaluation/scores.js";
import { scoreWeighted, windowMajority } from "../src/voting/index.js";
import { openStream } from "./laws/arbitrary.js";

const random = openStream(1);

function sample(index: number, answer: string | null, rest: Partial<Sample> = {}): Sample {
  const purpose: Purpose = "answer";
  return {
    index,
    round: 0,
    stage: "parallel",
    purpose,
    parents: [],
    text: answer ?? "",
    answer,
    usage: {},
    ...rest,
  };
}

function score(index: number, of: number, text: string): Sample {
  return sample(index, null, { stage: "sequential", purpose: "score", parents: [of], text });
}

describe("the vote weighted by scores", () => {
  it("lets one sure response beat two unsure ones", () => {
    const cast = [
      sample(0, "a"),
      sample(1, "a"),
      sample(2, "b"),
      score(3, 0, "Not sure.\nScore: 20"),
      score(4, 1, "**Score:** 30/100"),
      score(5, 2, "Score: 40, no: Score: 95"),
    ];
    expect(scoreWeighted(cast, random)).toEqual({
      winner: 2,
      votes: [
        { answer: "b", count: 1, weight: 0.95 },
        { answer: "a", count: 2, weight: 0.5 },
      ],
    });
  });

  it.each([
    "",
    "I would say 90.",
    "Score: high",
    "Score: 900",
    "Score: 101",
    "Score: 1000",
    "Score: 1,000",
    "Score: 0.85",
    "Score: 1.0",
    "Score: 8/10",
    "Score: 8.5/10",
    "Score: 8 out of 10",
    "Score: -5",
    "Score: 80-90",
    "Score: 80 to 90",
    "Score: 90, or Score: 0.9",
  ])("counts a response half whose score reads %j", (text) => {
    expect(scoreWeighted([sample(0, "a"), score(1, 0, text)], random).votes[0]?.weight).toBe(0.5);
  });

  it.each([
    ["Score: 0", 0],
    ["Score: 1", 0.01],
    ["Score: 85.", 0.85],
    ["Score: 85%", 0.85],
    ["**Score: 85 / 100**", 0.85],
    ["Score: 85 out of 100.", 0.85],
    ["Score (0-100): 85", 0.85],
    ["Score (0 to 100): **85**", 0.85],
    ["Score - 85", 0.85],
    ["Score: 100", 1],
  ])("reads %j", (text, weight) => {
    expect(scoreWeighted([sample(0, "a"), score(1, 0, text)], random).votes[0]?.weight).toBe(weight);
  });

  it("sees a tie where the scores add up to the same, and so does the accuracy", () => {
    // As fractions, 0.1 + 0.7 is less than 0.4 + 0.4.
    const cast = [10, 70, 40, 40].flatMap((points, place) => [
      sample(2 * place, place < 2 ? "a" : "b"),
      score(2 * place + 1, 2 * place, `Score: ${points}`),
    ]);
    const { winner, votes } = scoreWeighted(cast, random);
    expect(winner).toBe(0);
    expect(votes.map(({ weight }) => weight)).toEqual([0.8, 0.8]);
    const standing = { answer: "a", votes, samples: 4, inputTokens: 0, outputTokens: 0 };
    expect(tieAveraged(standing, (answer) => answer === "b")).toBe(0.5);
  });

  it("gives a tie in weight to the answer with more votes", () => {
    const cast = [sample(0, "b"), score(1, 0, "Score: 100"), sample(2, "a"), sample(3, "a")];
    expect(scoreWeighted(cast, random).winner).toBe(2);
  });

  it("ignores a response that a readable one refines, and its score", () => {
    const cast = [
      sample(0, "a"),
      score(1, 0, "Score: 100"),
      sample(2, "b", { stage: "sequential", parents: [0] }),
      sample(3, "c"),
      sample(4, null, { stage: "sequential", parents: [3] }),
    ];
    expect(scoreWeighted(cast, random).votes.map(({ answer }) => answer)).toEqual(["b", "c"]);
  });
});

describe("the vote of early stopping", () => {
  const cast = (letters: string): Sample[] =>
    Array.from(letters, (letter, index) => sample(index, letter === "-" ? null : letter));

  it("is the answer of the window that agreed, even against the majority of all", () => {
    const { winner, votes } = windowMajority({ windowSamples: 3 })(cast("aabaaabbb"), random);
    expect(winner).toBe(6);
    expect(votes).toEqual([
      { answer: "a", count: 5 },
      { answer: "b", count: 4 },
    ]);
  });

  it.each([
    ["no window agreed", "abaab", 0],
    ["the last window is not whole", "aabbbbb", 2],
    ["the last window agrees on nothing readable", "aab---", 0],
  ])("is the majority of all where %s", (_case, letters, winner) => {
    expect(windowMajority({ windowSamples: 3 })(cast(letters), random).winner).toBe(winner);
  });
});
