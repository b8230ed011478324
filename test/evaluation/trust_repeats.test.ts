import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.js";
import { calibrationOf, fitThreshold, judgedAnswers, riskCoverage } from "../../src/evaluation/index.js";
import type { JudgedAnswer, Proportion } from "../../src/evaluation/index.js";
import { reviewOf } from "../../src/langchain/review.js";
import { runOf } from "./runs.js";

const WRONG = 0.105;

function randomOf(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/** Questions answered `seeds` times, always alike: the worst that several seeds may do. */
function answersOf(random: () => number, questions: number, seeds: number): JudgedAnswer[] {
  return Array.from({ length: questions }, (_, place) => {
    const answer = { question: `q${place}`, agreement: 1, votes: 8, correct: random() >= WRONG };
    return Array.from({ length: seeds }, () => answer);
  }).flat();
}

describe("several answers to the same question", () => {
  const runs = [1, 2, 3].map((seed) => runOf("m", seed, ["aab-"], [4]));

  it("are refused where a threshold is fitted, as no further examples", () => {
    expect(() => fitThreshold(judgedAnswers(runs), { errorRate: 0.1 })).toThrow(OptionError);
    expect(() => fitThreshold(judgedAnswers(runs), { errorRate: 0.1 })).toThrow(
      'fitThreshold.answers.question: got "q0". It is answered twice. Give one answer for each question',
    );
    const once = judgedAnswers(runs.slice(0, 1));
    expect(fitThreshold(once, { errorRate: 0.99, thresholds: [0] }).coverage).toBe(0.75);
  });

  it("change no share and no interval of the curves if they are all alike", () => {
    const [once, thrice] = [judgedAnswers(runs.slice(0, 1)), judgedAnswers(runs)];
    const near = ({ share, low, high, total }: Proportion): number[] =>
      [share, low, high, total].map((value) => Number(value.toFixed(9)));
    const pointsOf = (answers: readonly JudgedAnswer[]): number[][] =>
      riskCoverage(answers).points.flatMap(({ coverage, risk }) => [near(coverage), near(risk)]);
    const binsOf = (answers: readonly JudgedAnswer[]): number[][] =>
      calibrationOf(answers).bins.map(({ accuracy }) => near(accuracy));
    expect(pointsOf(thrice)).toEqual(pointsOf(once));
    expect(binsOf(thrice)).toEqual(binsOf(once));
    expect(calibrationOf(thrice).expectedError).toBeCloseTo(calibrationOf(once).expectedError, 12);
  });

  it.each([1, 3, 10])("leave the 95%% intervals their level with %i seeds", (seeds) => {
    const random = randomOf(seeds);
    const trials = 400;
    const missed = { risk: 0, accuracy: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const answers = answersOf(random, 150, seeds);
      const risk = riskCoverage(answers).points[0]?.risk as Proportion;
      const accuracy = calibrationOf(answers).bins.at(-1)?.accuracy as Proportion;
      missed.risk += Number(risk.low > WRONG || risk.high < WRONG);
      missed.accuracy += Number(accuracy.low > 1 - WRONG || accuracy.high < 1 - WRONG);
    }
    // 5%, and three standard deviations of 400 trials.
    expect(missed.risk / trials).toBeLessThan(0.083);
    expect(missed.accuracy / trials).toBeLessThan(0.083);
  });

  it("leave the promise of a threshold as it is, as one run of each question keeps it", () => {
    const random = randomOf(7);
    let broken = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const answers = answersOf(random, 200, 10).filter((_, place) => place % 10 === 0);
      broken += Number(fitThreshold(answers, { errorRate: 0.1, thresholds: [0.6] }).agreementBelow !== null);
    }
    expect(broken / 1000).toBeLessThanOrEqual(0.05);
  });
});

describe("answers with too few votes", () => {
  const many = Array.from({ length: 600 }, (_, place): JudgedAnswer => {
    // Four in five have one vote and are right; of the others one in four is wrong.
    const isLone = place % 5 > 0;
    const correct = isLone || place % 20 > 0;
    return { question: `q${place}`, agreement: 1, votes: isLone ? 1 : 8, correct };
  });

  it("go to a person, and so they do not help a threshold", () => {
    const fitted = fitThreshold(many, { errorRate: 0.1 });
    expect(fitted).toMatchObject({ agreementBelow: null, votesBelow: 2 });
    const lenient = fitThreshold(many, { errorRate: 0.1, votesBelow: 1 });
    expect(lenient).toMatchObject({ agreementBelow: 0, votesBelow: 1, coverage: 1 });
  });

  it("stand in the fit if, and only if, they stand under the option review", () => {
    for (const votesBelow of [1, 2, 5]) {
      for (const [answer, votes] of [
        [null, []],
        [null, [{ answer: "b", count: 3 }]],
        ["a", [{ answer: "a", count: 1 }]],
        ["a", [{ answer: "a", count: 2 }]],
        [
          "a",
          [
            { answer: "a", count: 3 },
            { answer: "b", count: 2 },
          ],
        ],
        [
          "a",
          [
            { answer: "a", count: 2 },
            { answer: "b", count: 6 },
          ],
        ],
      ] as const) {
        const cast = votes.reduce((sum, { count }) => sum + count, 0);
        const agreement = answer === null ? null : (votes[0]?.count ?? 0) / cast;
        const review = reviewOf({ agreementBelow: 0.5, votesBelow }, { agreement, votes }, []);
        const one = { question: "q", agreement: agreement ?? 0, votes: cast, correct: true };
        const { coverage } = fitThreshold([one], { errorRate: 0.99, thresholds: [0.5], votesBelow });
        expect([votesBelow, votes, coverage]).toEqual([votesBelow, votes, review === null ? 1 : 0]);
      }
    }
  });
});
