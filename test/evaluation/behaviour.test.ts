import { describe, expect, it } from "vitest";
import { selfConsistency, sp1 } from "../../src/baselines/index.js";
import type { VotingRule } from "../../src/core/types.js";
import {
  effectiveAllocation,
  evaluate,
  flips,
  passAtK,
  poolOf,
  replay,
  withoutReplacement,
} from "../../src/evaluation/index.js";
import type { Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { recorded } from "./pools.js";
import { runSample, sampledRun } from "./runs.js";

describe("the effective allocation rate", () => {
  it("is the share of later samples that went to questions whose answer was wrong", () => {
    const units = ["0b", "0b", "1a", "1a", "1a", "3a"].map(([round, answer]) =>
      runSample(Number(round), answer as string),
    );
    const wrongThenRight = sampledRun(units, "a", ["b", "a"]);
    const right = sampledRun([runSample(0, "a"), runSample(1, "b")], "a", ["a"]);
    const unreadable = sampledRun([runSample(0, "-"), runSample(1, "a")], "a", [null]);
    const { overall, byRound } = effectiveAllocation([wrongThenRight, right, unreadable]);
    expect(byRound).toEqual([
      { count: 4, of: 5 },
      { count: 0, of: 0 },
      { count: 0, of: 1 },
    ]);
    expect(overall).toEqual({ count: 4, of: 6 });
  });

  it("goes by the vote of the method, in live runs and in replays", async () => {
    // Heads say b, what refines them a: a majority of all would be a tie that b wins.
    const model = new ScriptedModel(({ messages }) => (messages.length > 1 ? "\\boxed{a}" : "\\boxed{b}"));
    const dataset = [{ id: "q", question: "?", answer: "a" }];
    const live = evaluate({ model, dataset, methods: { sp1: sp1() }, samplesPerInput: [6] });
    const [run] = [(await live.next()).value as Run];
    expect(run?.questions[0]?.samples.map(({ answer }) => answer).join("")).toBe("bababa");
    expect(effectiveAllocation([run as Run]).overall).toEqual({ count: 0, of: 4 });

    const last: VotingRule = (samples) => ({ winner: samples.at(-1)?.index ?? null, votes: [] });
    const methods = { own: { ...selfConsistency(), voting: last, unitSamples: 1 } };
    const pool = [recorded("q", "bbba")];
    const options = { pool, methods, samplesPerInput: [4], draw: withoutReplacement };
    for (const { questions, ...rest } of replay({ ...options, seeds: [1, 2, 3, 4] })) {
      const answers = questions[0]?.samples.map(({ answer }) => answer) ?? [];
      const wrong = answers.slice(0, 3).filter((answer) => answer === "b").length;
      expect(effectiveAllocation([{ ...rest, questions }]).overall).toEqual({ count: wrong, of: 3 });
    }
  });

  it("leaves out questions without a gold answer", () => {
    expect(effectiveAllocation([sampledRun([runSample(0, "b"), runSample(1, "b")], null)]).overall.of).toBe(
      0,
    );
  });
});

describe("the flips of conditioned samples", () => {
  const conditioned = (answer: string, parents: number[]): ReturnType<typeof runSample> =>
    runSample(0, answer, { stage: "sequential", parents });

  it("are counted against the vote of the quoted samples", () => {
    const run = sampledRun([
      ...["a", "a", "b", "b"].map((answer) => runSample(0, answer)),
      conditioned("b", [0, 1, 2]),
      conditioned("a", [0, 1, 2]),
      conditioned("a", [2, 3]),
      conditioned("-", [3, 2]),
    ]);
    expect(flips([run])).toEqual({
      rightToWrong: { count: 1, of: 2 },
      wrongToRight: { count: 1, of: 2 },
      awayFromVote: { count: 3, of: 4 },
    });
  });

  it("leave out failed calls, feedback and scores, and need no gold to tell what left the vote", () => {
    const run = sampledRun(
      [
        runSample(0, "a"),
        { ...conditioned("b", [0]), failed: true },
        { ...conditioned("-", [0]), purpose: "feedback" },
        conditioned("b", [0]),
      ],
      null,
    );
    expect(flips([run])).toEqual({
      rightToWrong: { count: 0, of: 0 },
      wrongToRight: { count: 0, of: 0 },
      awayFromVote: { count: 1, of: 1 },
    });
  });
});

describe("pass@k", () => {
  it("is the chance that a draw of k holds a right answer, counted over all draws", () => {
    const letters = "aabcb-";
    for (const k of [1, 2, 3, 6]) {
      let draws = 0;
      let hits = 0;
      for (let mask = 0; mask < 2 ** letters.length; mask++) {
        const drawn = Array.from(letters).filter((_, place) => (mask >> place) & 1);
        if (drawn.length !== k) continue;
        draws += 1;
        hits += Number(drawn.includes("a"));
      }
      expect(passAtK([recorded("q", letters)], k).mean).toBeCloseTo(hits / draws, 12);
    }
    expect(() => passAtK([recorded("q", letters)], 7)).toThrow(/at most that/);
  });
});

describe("the pool of live runs", () => {
  it("holds their independent answers, and nothing that depends on others or failed", () => {
    const run = sampledRun([
      runSample(0, "a"),
      runSample(0, "-"),
      { ...runSample(0, "-"), failed: true },
      runSample(0, "b", { stage: "sequential", parents: [0] }),
    ]);
    const samples = [
      { answer: "a", tokens: 10, inputTokens: 1 },
      { answer: null, tokens: 10, inputTokens: 1 },
    ];
    expect(poolOf([run, run])).toEqual([{ id: "q", gold: "a", samples: [...samples, ...samples] }]);
    expect(poolOf([sampledRun([])])).toEqual([]);
  });
});
