import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isHeldOut,
  ledgerAnswer,
  ledgerQuestions,
  ledgerSolution,
  ledgerStream,
} from "../../src/local/ledger.js";
import type { LedgerPiece } from "../../src/local/ledger.js";

const seeds = fc.integer({ min: 0, max: 2 ** 30 - 1 });
const levels = fc.integer({ min: 1, max: 6 });
const sets = fc.constantFrom("train" as const, "held-out" as const);
const join = (pieces: readonly LedgerPiece[]): string => pieces.map(({ text }) => text).join("");

/** A second way to the value of `a`, `a+b`, `a-b*c`, …: products first, then from left to right. */
function evaluate(expression: string): number {
  const terms = expression.match(/[+-]?[0-9*/]+/g) ?? [];
  return terms.reduce((sum, term) => {
    const factors = term.match(/[*/]?[0-9]+/g) ?? [];
    const value = factors.reduce((product, factor) => {
      const number = Number(factor.replace(/^[*/]/, ""));
      return factor.startsWith("/") ? product / number : product * number;
    }, 1);
    return term.startsWith("-") ? sum - value : sum + value;
  }, 0);
}

describe("ledgerQuestions", () => {
  it("gives the same questions for the same seed, and a longer list begins with the shorter one", () => {
    fc.assert(
      fc.property(seeds, fc.nat(20), fc.nat(20), (seed, count, more) => {
        const short = ledgerQuestions({ count, seed });
        expect(ledgerQuestions({ count: count + more, seed }).slice(0, count)).toEqual(short);
      }),
    );
  });

  it("never returns a question that training may have seen", () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        ledgerQuestions({ count: 12, seed }).every(({ question }) => isHeldOut(question)),
      ),
    );
  });

  it("gives every question an id and a text of its own", () => {
    const questions = ledgerQuestions({ count: 3000, seed: 5, steps: [1] });
    expect(new Set(questions.map(({ id }) => id)).size).toBe(3000);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(3000);
  });

  it("takes the asked numbers of events in turn, one to six unless told otherwise", () => {
    expect(ledgerQuestions({ count: 8, seed: 1 }).map(({ steps }) => steps)).toEqual([
      1, 2, 3, 4, 5, 6, 1, 2,
    ]);
    expect(ledgerQuestions({ count: 4, seed: 1, steps: [5, 2] }).map(({ steps }) => steps)).toEqual([
      5, 2, 5, 2,
    ]);
  });

  it("tells as many events as it says, in plain digits and within the bounds", () => {
    fc.assert(
      fc.property(seeds, levels, (seed, level) => {
        const questions = ledgerQuestions({ count: 1, seed, steps: [level] });
        const { question, answer } = questions[0]!;
        expect(question.match(/ \d+: /g)).toHaveLength(level);
        expect(answer).toMatch(/^[1-9]\d{2,3}$/);
      }),
    );
  });

  it.each([
    [{ count: -1, seed: 1 }, /"count" is -1\. Use a whole number from 0 to 100000\./],
    [{ count: 1.5, seed: 1 }, /"count" is 1\.5/],
    [{ count: 1, seed: Number.NaN }, /"seed" is NaN\. Use a whole number from 0 to 1073741823\./],
    [{ count: 1, seed: 2 ** 30 }, /"seed" is 1073741824/],
    [{ count: 1, seed: 1, steps: [1, 7] }, /"steps\[1\]" is 7\. Use a whole number from 1 to 6\./],
    [{ count: 1, seed: 1, steps: [] }, /"steps" is empty/],
  ])("rejects %j and says how to put it right", (options, message) => {
    expect(() => ledgerQuestions(options)).toThrow(message);
  });
});

describe("ledgerStream", () => {
  it("keeps the two sets apart", () => {
    fc.assert(
      fc.property(seeds, sets, levels, (seed, set, level) => {
        expect(isHeldOut(ledgerStream(seed, set)(level).question)).toBe(set === "held-out");
      }),
    );
  });

  it("holds out about a quarter of all questions", () => {
    // Texts that the generator could write, judged by the hash alone.
    const texts = Array.from(
      { length: 4000 },
      (_, place) => `Ada owns ${200 + place} cups. Day 1: Ada finds 12.`,
    );
    expect(texts.filter(isHeldOut).length / texts.length).toBeCloseTo(0.25, 1);
  });
});

describe("ledgerSolution", () => {
  it("is right line by line and ends in the answer", () => {
    fc.assert(
      fc.property(seeds, sets, levels, (seed, set, level) => {
        const problem = ledgerStream(seed, set)(level);
        const lines = join(ledgerSolution(problem)).split("\n");
        let amount = problem.start;
        lines.slice(0, -1).forEach((line, place) => {
          const [label, work] = line.split(": ") as [string, string];
          const sides = work.split("=");
          expect(label).toBe(String(place + 1));
          expect(work.startsWith(String(amount))).toBe(true);
          expect(new Set(sides.map(evaluate)).size).toBe(1);
          amount = Number(sides.at(-1));
        });
        expect(lines).toHaveLength(level + 1);
        expect(lines.at(-1)).toBe(`The answer is ${amount}.`);
        expect(ledgerAnswer(problem)).toBe(String(amount));
      }),
    );
  });

  it("uses every number of the question in the order told", () => {
    fc.assert(
      fc.property(seeds, levels, (seed, level) => {
        const problem = ledgerStream(seed, "train")(level);
        const told = [...problem.question.replace(/\d+: /g, "").matchAll(/\d+/g)].map(([number]) =>
          Number(number),
        );
        const used = problem.operations.map(({ by }) => by);
        expect(told).toEqual([problem.start, ...used]);
      }),
    );
  });

  it("tells the slip which line it is asked about", () => {
    const problem = ledgerStream(3, "train")(4);
    const lines: number[] = [];
    ledgerSolution(problem, (right, line) => {
      lines.push(line);
      return right;
    });
    expect(lines).toEqual([0, 1, 2, 3]);
  });

  it("goes on from a slip and marks it", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const problem = ledgerStream(seed, "train")(2);
        const pieces = ledgerSolution(problem, (right) => right + 1);
        const [first, second] = join(pieces).split("\n") as [string, string];
        expect(second.startsWith(`2: ${first.split("=").at(-1)}`)).toBe(true);
        expect(pieces.filter(({ slipped }) => slipped).every(({ text }) => /^\d+$/.test(text))).toBe(true);
        expect(pieces.filter(({ slipped }) => slipped).length).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});
