import fc from "fast-check";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.js";
import {
  binomialUpper,
  calibrationOf,
  figureSvg,
  fitThreshold,
  judgedAnswers,
  riskCoverage,
  trustFigures,
} from "../../src/evaluation/index.js";
import type { JudgedAnswer, ThresholdOptions } from "../../src/evaluation/index.js";
import { runOf } from "./runs.js";

let asked = 0;
/** The answer to a question that nobody asked before. */
const judgedAs = (agreement: number, correct: boolean): JudgedAnswer => ({
  question: `q${asked++}`,
  agreement,
  votes: 8,
  correct,
});
const right = (agreement: number): JudgedAnswer => judgedAs(agreement, true);
const wrong = (agreement: number): JudgedAnswer => judgedAs(agreement, false);
const times = (count: number, answer: JudgedAnswer): JudgedAnswer[] =>
  Array.from({ length: count }, () => judgedAs(answer.agreement, answer.correct));

const judged = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 8 }), fc.boolean())
    .map(([votes, correct]) => judgedAs(votes / 8, correct)),
  { minLength: 1, maxLength: 60 },
);

describe("risk against coverage", () => {
  it("lets answers of most agreement stand first", () => {
    const { points, area } = riskCoverage([right(1), right(1), wrong(0.5), right(0.25)]);
    expect(points.map(({ threshold, coverage, risk }) => [threshold, coverage.share, risk.share])).toEqual([
      [1, 0.5, 0],
      [0.5, 0.75, 1 / 3],
      [0.25, 1, 0.25],
    ]);
    expect(area).toBeCloseTo((0 + 0 + 1 / 3 + 1 / 4) / 4);
  });

  it("ends with the share of wrong answers, and has the area of the mean over orders that agree alike", () => {
    fc.assert(
      fc.property(judged, (answers) => {
        const { points, area } = riskCoverage(answers);
        expect(points.at(-1)?.coverage.share).toBe(1);
        expect(points.at(-1)?.risk.share).toBe(
          answers.filter(({ correct }) => !correct).length / answers.length,
        );
        const best = areaOf(
          answers.toSorted((a, b) => b.agreement - a.agreement || Number(b.correct) - Number(a.correct)),
        );
        const worst = areaOf(
          answers.toSorted((a, b) => b.agreement - a.agreement || Number(a.correct) - Number(b.correct)),
        );
        expect(area).toBeGreaterThanOrEqual(best - 1e-9);
        expect(area).toBeLessThanOrEqual(worst + 1e-9);
      }),
    );
  });
});

function areaOf(ordered: readonly JudgedAnswer[]): number {
  let mistakes = 0;
  let area = 0;
  for (const [place, { correct }] of ordered.entries()) {
    mistakes += Number(!correct);
    area += mistakes / (place + 1) / ordered.length;
  }
  return area;
}

describe("calibration of agreement", () => {
  it("is perfect where agreement is the chance to be right", () => {
    const answers = [...times(3, right(0.75)), wrong(0.75), ...times(4, right(1)), ...times(2, wrong(0))];
    const { expectedError, overconfidence, brier } = calibrationOf(answers);
    expect([expectedError, overconfidence]).toEqual([0, 0]);
    expect(brier).toBeCloseTo((3 * 0.0625 + 0.5625) / 10);
  });

  it("tells how far votes agree more often than they are right", () => {
    const { bins, expectedError, overconfidence } = calibrationOf([
      ...times(6, right(1)),
      ...times(4, wrong(1)),
    ]);
    expect(expectedError).toBeCloseTo(0.4);
    expect(overconfidence).toBeCloseTo(0.4);
    expect(bins.map(({ accuracy }) => accuracy.total)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 10]);
  });

  it("puts every answer into one bin, the bounds included", () => {
    fc.assert(
      fc.property(judged, fc.integer({ min: 1, max: 12 }), (answers, bins) => {
        const found = calibrationOf(answers, bins).bins;
        expect(found.reduce((sum, { accuracy }) => sum + accuracy.total, 0)).toBe(answers.length);
        for (const { from, to, agreement, accuracy } of found) {
          if (accuracy.total === 0) continue;
          expect(agreement).toBeGreaterThanOrEqual(from - 1e-12);
          expect(agreement).toBeLessThanOrEqual(to + 1e-12);
        }
      }),
    );
  });
});

describe("the exact upper bound of a share", () => {
  it("has the values of Clopper and Pearson", () => {
    // Of none, the closed form; the others are quantiles of the beta distribution from tables.
    expect(binomialUpper(0, 59, 0.95)).toBeCloseTo(1 - 0.05 ** (1 / 59), 9);
    expect(binomialUpper(1, 10, 0.975)).toBeCloseTo(0.4450161, 6);
    expect(binomialUpper(5, 10, 0.975)).toBeCloseTo(0.8129138, 6);
    expect(binomialUpper(3, 3, 0.95)).toBe(1);
    expect(binomialUpper(0, 0, 0.95)).toBe(1);
  });
});

describe("a threshold for a wanted error rate", () => {
  it("is the lowest whose bound keeps it, and goes into the option of the Runnable in one line", () => {
    const answers = [...times(200, right(1)), ...times(100, right(0.75)), ...times(50, wrong(0.5))];
    const fitted = fitThreshold(answers, { errorRate: 0.05 });
    expect(fitted).toMatchObject({ agreementBelow: 0.6, votesBelow: 2, coverage: 300 / 350, errorRate: 0 });
    expect(fitted.errorBound).toBeCloseTo(1 - (0.05 / 11) ** (1 / 300), 9);
  });

  it("is none where the examples do not show it", () => {
    expect(fitThreshold(times(40, right(1)), { errorRate: 0.05 }).agreementBelow).toBeNull();
    expect(fitThreshold([...times(150, right(1)), ...times(50, wrong(1))], { errorRate: 0.1 })).toEqual({
      agreementBelow: null,
      votesBelow: 2,
      errorBound: 1,
      coverage: 0,
      errorRate: Number.NaN,
    });
  });

  it("keeps its promise at least as often as it says", () => {
    const generator = xoroshiro128plus(7);
    const random = (): number => uniformFloat64(generator);
    // The error rate above each threshold is known: an answer of agreement a is right with chance a.
    const draw = (): JudgedAnswer => {
      const agreement = Math.ceil(8 * random()) / 8;
      return judgedAs(agreement, random() < 0.5 + 0.5 * agreement);
    };
    const trueError = (threshold: number): number => {
      const levels = [1, 2, 3, 4, 5, 6, 7, 8].map((votes) => votes / 8).filter((level) => level >= threshold);
      return levels.reduce((sum, level) => sum + 0.5 - 0.5 * level, 0) / levels.length;
    };
    let fitted = 0;
    let broken = 0;
    for (let trial = 0; trial < 400; trial++) {
      const answers = Array.from({ length: 300 }, draw);
      const { agreementBelow } = fitThreshold(answers, { errorRate: 0.15, confidence: 0.8 });
      if (agreementBelow === null) continue;
      fitted += 1;
      broken += Number(trueError(agreementBelow) > 0.15);
    }
    expect(fitted).toBeGreaterThan(200);
    expect(broken / 400).toBeLessThanOrEqual(0.2);
  });

  it("is found from sensible options only", () => {
    const answers = [right(1)];
    for (const options of [
      { errorRate: 0 },
      { errorRate: 1 },
      { errorRate: 0.1, confidence: 1 },
      { errorRate: 0.1, thresholds: [] },
      { errorRate: 0.1, thresholds: [2] },
      { errorRate: 0.1, thresholds: 0.5 },
      { errorRate: 0.1, thresholds: ["0.5"] },
      { errorRate: 0.1, votesBelow: 0 },
      { errorRate: 0.1, level: 3 },
      undefined,
    ])
      expect(() => fitThreshold(answers, options as ThresholdOptions)).toThrow(OptionError);
    for (const none of [[], undefined, "answers", [{ agreement: 1, votes: 3, correct: true }]])
      expect(() => fitThreshold(none as JudgedAnswer[], { errorRate: 0.1 })).toThrow(OptionError);
    expect(() => riskCoverage([right(1.5)])).toThrow(OptionError);
    expect(() => riskCoverage([{ ...right(1), votes: Number.NaN }])).toThrow(OptionError);
  });
});

describe("answers of runs, judged", () => {
  it("have the agreement of the vote at a checkpoint, and leave out what has no gold answer", () => {
    const run = runOf("m", 1, ["aab-", "abb-"], [4, 8]);
    const [first, ...others] = run.questions;
    const unknown = { ...run, questions: [{ ...(first as (typeof others)[number]), gold: null }, ...others] };
    expect(judgedAnswers([unknown])).toEqual([
      { question: "q1", agreement: 1, votes: 8, correct: false },
      { question: "q2", agreement: 1, votes: 8, correct: false },
      { question: "q3", agreement: 0, votes: 0, correct: false },
    ]);
    expect(judgedAnswers([run], { checkpoint: 0 }).map(({ correct }) => correct)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("figures of trust", () => {
  const answers = { one: [right(1), wrong(0.5), right(0.75)], other: [right(1)] };

  it("show every point of both methods, drawn and in numbers", async () => {
    const [risk, reliability] = trustFigures({ answers, bins: 4 });
    expect(risk?.tables[0]?.rows).toHaveLength(4);
    expect(risk?.tables[0]?.rows[2]?.slice(0, 4)).toEqual(["one", "50.0", "100.0", "33.3"]);
    expect(reliability?.tables[0]?.rows).toHaveLength(8);
    for (const figure of [risk, reliability]) {
      const svg = await figureSvg(figure ?? Object.assign({}));
      expect(svg).toContain("<path");
      expect(svg).not.toContain("NaN");
    }
  });

  it("need a method", () => {
    expect(() => trustFigures({ answers: {} })).toThrow(OptionError);
  });
});
