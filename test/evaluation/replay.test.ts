import { describe, expect, it } from "vitest";
import { ucb, uniform } from "../../src/allocators/index.js";
import {
  selfConsistency,
  withoutDynamicAllocation,
  withoutIntegratedSampling,
} from "../../src/baselines/index.js";
import { infiniteVote, parsePool, replay, withoutReplacement } from "../../src/evaluation/index.js";
import type { PoolQuestion, ReplayOptions, Run } from "../../src/evaluation/index.js";
import { majority } from "../../src/voting/index.js";
import { openStream } from "../laws/arbitrary.js";
import { mixedPool, recorded } from "./pools.js";

const pool = mixedPool(20, 1);
const methods = { bon: selfConsistency(), bandit: withoutIntegratedSampling() };

function replayed(options: Partial<ReplayOptions> = {}): Run[] {
  return [
    ...replay({ pool, methods, samplesPerInput: [4, 8, 16], seeds: [1, 2], ...options } as ReplayOptions),
  ];
}

const spent = ({ questions }: Run, step: number): number =>
  questions.reduce((sum, { standings }) => sum + (standings[step]?.samples ?? 0), 0);

describe("replay()", () => {
  it("runs every method for every seed, and spends every budget to the last sample", () => {
    const runs = replayed();
    expect(runs.map(({ method, seed }) => `${method} ${seed}`)).toEqual([
      "bon 1",
      "bandit 1",
      "bon 2",
      "bandit 2",
    ]);
    for (const run of runs) {
      expect(run).toMatchObject({ unit: "samples", checkpoints: [4, 8, 16], seconds: null });
      expect([0, 1, 2].map((step) => spent(run, step))).toEqual([80, 160, 320]);
    }
  });

  it("gives all methods of a seed the same samples, and other seeds others", () => {
    const [bon, bandit, other] = replayed();
    const answers = (run: Run | undefined, count: number): (string | null)[][] =>
      run?.questions.map(({ samples }) => samples.slice(0, count).map(({ answer }) => answer)) ?? [];
    expect(answers(bandit, 8)).toEqual(answers(bon, 8));
    expect(answers(other, 8)).not.toEqual(answers(bon, 8));
    expect(replayed()).toEqual(replayed());
  });

  it("is the plain vote over the drawn samples where the split is even", () => {
    for (const { questions } of replayed({ methods: { bon: selfConsistency() } })) {
      for (const { samples, standings } of questions) {
        const first = samples.slice(0, 8).map((sample, index) => ({ ...sample, index, text: "", usage: {} }));
        const { winner } = majority(first, openStream(0));
        expect(standings[1]?.answer).toBe(winner === null ? null : (samples[winner]?.answer ?? null));
        expect(standings[1]).toMatchObject({ samples: 8, outputTokens: 80 });
      }
    }
  });

  it("draws each recorded sample once without replacement, and lets nobody overdraw", () => {
    const small = [recorded("torn", "abc"), recorded("calm", "aaaaaaaaaaaaaaaaaaaaaaaa")];
    const [run] = replayed({
      pool: small,
      methods: { bandit: { allocator: ucb({ roundShare: 0.5 }) } },
      samplesPerInput: [12],
      draw: withoutReplacement,
    });
    expect(run?.questions.map(({ samples }) => samples.length)).toEqual([3, 21]);
    expect(run?.questions[0]?.samples.map(({ answer }) => answer).toSorted()).toEqual(["a", "b", "c"]);
  });

  it("ends by itself when all recorded samples are used", () => {
    const [run] = replayed({
      pool: [recorded("one", "ab"), recorded("two", "b")],
      methods: { even: { allocator: uniform() } },
      samplesPerInput: [50],
      draw: withoutReplacement,
    });
    expect(run?.questions.map(({ standings }) => standings[0]?.samples)).toEqual([2, 1]);
  });

  it("keeps a budget in output tokens as it would against a model", () => {
    const [run] = replayed({
      samplesPerInput: undefined,
      outputTokensPerInput: [55],
      methods: { bon: selfConsistency() },
      seeds: [3],
    } as Partial<ReplayOptions>);
    const tokens = run?.questions.map(({ standings }) => standings[0]?.outputTokens ?? 0) ?? [];
    expect(tokens.reduce((sum, count) => sum + count, 0)).toBe(1100);
  });

  it.each([
    [
      "a method that asks for conditioned samples",
      { methods: { d: withoutDynamicAllocation() } },
      /conditioned samples/,
    ],
    ["no question", { pool: [] }, /^replay\.pool/],
    ["no budget", { samplesPerInput: undefined }, /either as samplesPerInput or as/],
    ["two kinds of budget", { outputTokensPerInput: [9] }, /either as samplesPerInput or as/],
    ["a budget of nothing", { samplesPerInput: [0] }, /^samplesPerInput/],
    ["a seed out of range", { seeds: [-1] }, /^replay\.seeds/],
    ["an unknown option", { budgets: [8] }, /^replay\.budgets/],
  ])("refuses %s", (_what, options, message) => {
    expect(() => replayed(options as Partial<ReplayOptions>)).toThrow(message as RegExp);
  });
});

describe("a recorded pool", () => {
  it("is read line by line, and a fault is named with its line", () => {
    const line =
      '{"id":"q1","gold":"D","samples":[{"answer":"D","tokens":752,"chars":9},{"answer":null,"tokens":null}]}';
    expect(parsePool(`${line}\n\n`)).toEqual([
      {
        id: "q1",
        gold: "D",
        samples: [
          { answer: "D", tokens: 752 },
          { answer: null, tokens: null },
        ],
      },
    ]);
    for (const [bad, fault] of [
      ["", /no question/],
      [`${line}\n${line}`, /two lines/],
      ['{"id":"q","samples":[]}', /line 1/],
      [`${line}\n{"id":"q","samples":[{"answer":7,"tokens":1}]}`, /line 2/],
      ['{"id":"q","samples":[{"answer":"7","tokens":-1}]}', /line 1/],
      ["[1]", /line 1/],
    ] as const) {
      expect(() => parsePool(bad)).toThrow(fault);
    }
  });

  it("takes an empty answer as none, since empty answers must not vote together", () => {
    expect(parsePool('{"samples":[{"answer":""}]}')[0]?.samples).toEqual([{ answer: null, tokens: null }]);
  });

  it("lets answers of one canonical form vote together, as they are graded, in the first spelling", () => {
    const answers = ["662/3", "79", "220\\frac{2}{3}", "\\frac{662}{3}", "79.0", null, "32{,}349", "32349"];
    const samples = answers.map((answer) => ({ answer, tokens: 1 }));
    const unit = [
      { answer: "662/3", tokens: 1, stage: "parallel", purpose: "answer", parents: [] },
      { answer: "220\\frac{2}{3}", tokens: 1, stage: "sequential", purpose: "answer", parents: [0] },
    ];
    const read = ([question]: PoolQuestion[]): unknown => question?.samples.map(({ answer }) => answer);
    expect(read(parsePool(JSON.stringify({ samples })))).toEqual([
      "662/3",
      "79",
      "662/3",
      "662/3",
      "79",
      null,
      "32{,}349",
      "32{,}349",
    ]);
    const [{ units } = {}] = parsePool(JSON.stringify({ samples, units: { "answer | answer": [unit] } }));
    expect(
      Object.values(units ?? {})
        .flat(2)
        .map(({ answer }) => answer),
    ).toEqual(["662/3", "662/3"]);
    const apart = ["1/2", "2", "0,500", "500"].map((answer) => ({ answer, tokens: 1 }));
    expect(read(parsePool(JSON.stringify({ samples: apart })))).toEqual(["1/2", "2", "0,500", "500"]);
  });

  it("tells what the infinite vote elects, ties included", () => {
    const reference = infiniteVote([
      recorded("one", "aab--"),
      recorded("two", "abab"),
      recorded("none", "--"),
    ]);
    expect([...reference]).toEqual([
      ["one", ["a"]],
      ["two", ["a", "b"]],
      ["none", []],
    ]);
  });
});
