import { describe, expect, it } from "vitest";
import { REFERENCE, scoreboard } from "../../src/cli/scoreboard.js";
import { widened } from "../../src/evaluation/checkpoints.js";
import { compareAtEqualSpend, savingsOf, scoreRuns } from "../../src/evaluation/index.js";
import type { MethodScores, Run } from "../../src/evaluation/index.js";
import { runOf } from "./runs.js";

const bon = runOf(REFERENCE, 0, ["bb", "ab", "aa"], [8, 16, 32]);
/** The same samples with a quarter more tokens. */
const longer = dearer(runOf("chains", 0, ["ab", "aa", "aa"], [8, 16, 32]), 1.25);

function dearer(run: Run, times: number): Run {
  const questions = run.questions.map((question) => ({
    ...question,
    standings: question.standings.map(
      (standing) => standing && { ...standing, outputTokens: times * standing.outputTokens },
    ),
  }));
  return { ...run, questions };
}

function scored(run: Run): MethodScores {
  const [scores] = scoreRuns([run]);
  return scores as MethodScores;
}

describe("methods that spend unlike at equal budgets", () => {
  it("are compared at what the other spent where it was not measured at what the method spent", () => {
    const found = compareAtEqualSpend(scored(longer), scored(bon), "outputTokens");
    expect(found.map(({ checkpoint, spend }) => [checkpoint, spend])).toEqual([
      [8, 100],
      [16, 200],
      [32, 320],
    ]);
    // Between its own 200 and 400 tokens the method is right throughout, as the other is at 320.
    expect(found[2]?.difference.mean).toBe(0);
    const back = compareAtEqualSpend(scored(bon), scored(longer), "outputTokens");
    expect(back.map(({ checkpoint, spend }) => [checkpoint, spend])).toEqual([
      [8, 100],
      [16, 160],
      [32, 320],
    ]);
    expect(back[0]?.difference.mean).toBe(0.125 - 0.5);
  });

  it("have a mark there, and a note on it", () => {
    const table = scoreboard([bon, longer], {});
    expect(table).toMatch(/^chains .* 32 .* 0\.0 \[0\.0, 0\.0\]\* /m);
    expect(table).toContain('"*": at what selfConsistency spent at that budget');
    expect(table).not.toContain('"-" beside a method');
  });

  it("have no number where there is no equal spend, and a note on that", () => {
    const table = scoreboard([bon, dearer(longer, 9)], {});
    expect(table).toMatch(/^chains .* 32 .* - +0\.0$/m);
    expect(table).toContain(
      '"-" beside a method: it and selfConsistency were never measured around an equal spend',
    );
  });

  it("are compared at their own spend where the other was replayed at wider budgets", () => {
    const { samplesPerInput } = widened({ samplesPerInput: [8, 16, 32] });
    expect(samplesPerInput).toEqual([4, 8, 16, 32, 40, 48, 64]);
    expect(widened({ outputTokensPerInput: [100] })).toEqual({ outputTokensPerInput: [100, 125, 150, 200] });
    const wide = runOf(REFERENCE, 0, ["bb", "bb", "ab", "aa", "aa", "aa", "aa"], samplesPerInput as number[]);
    const table = scoreboard([bon, longer], { reference: [wide] });
    expect(table).toMatch(/^chains .* 32 .* 0\.0 \[0\.0, 0\.0\] /m);
    expect(table).not.toContain("*");
  });
});

describe("methods that were not asked the same questions", () => {
  const ids = (names: readonly string[], run: Run): MethodScores =>
    scored({
      ...run,
      questions: run.questions.map((question, place) => ({ ...question, id: names[place] as string })),
    });
  const one = ids(["a", "b"], bon);

  it.each([
    ["in another order", ids(["b", "a"], longer), "question 1 is a in one and b in the other"],
    ["others", ids(["a", "c"], longer), "question 2 is b in one and c in the other"],
    ["fewer", scored(runOf("few", 0, ["b", "a", "a"], [8, 16, 32])), "question 1 is a in one and q0"],
    [
      "more",
      ids(["a", "b", "c"], runOf("more", 0, ["bbb", "abb", "aab"], [8, 16, 32])),
      "question 3 is none in",
    ],
  ])("are refused, not paired by place: %s", (_what, other, says) => {
    expect(() => compareAtEqualSpend(one, other, "samples")).toThrow(says);
    expect(() => savingsOf(one, other, "samples")).toThrow(says);
  });
});
