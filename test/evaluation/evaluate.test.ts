import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { selfConsistency, sp2 } from "../../src/baselines/index.js";
import { DynScaling } from "../../src/index.js";
import { estimateEvaluation, evaluate, formatRun, parseRuns } from "../../src/evaluation/index.js";
import type { EvaluateOptions, Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const dataset = ["one", "two", "three", "four"].map((id) => ({
  id,
  question: `${id}?`,
  answer: "The answer is a.",
}));

/** Answers `a` to calm questions; `a` and `b` in turn to "two?". Every response takes 7 output tokens. */
function model(): ScriptedModel {
  let calls = 0;
  return new ScriptedModel(({ question }) => {
    const letter = question === "two?" ? "ab"[calls++ % 2] : "a";
    return new AIMessage({
      content: `So \\boxed{${letter}}`,
      usage_metadata: { input_tokens: 3, output_tokens: 7, total_tokens: 10 },
    });
  });
}

const methods = { paper: {}, bon: selfConsistency() };

async function collected(options: Partial<EvaluateOptions> = {}): Promise<Run[]> {
  const runs: Run[] = [];
  const given = { model: model(), dataset, methods, samplesPerInput: [8, 16], ...options };
  for await (const run of evaluate(given as EvaluateOptions)) runs.push(run);
  return runs;
}

describe("evaluate()", () => {
  it("runs every method over the dataset with one shared budget, seed by seed", async () => {
    const scripted = model();
    const runs = await collected({ model: scripted, seeds: [1, 2] });
    expect(runs.map(({ method, seed }) => `${method} ${seed}`)).toEqual([
      "paper 1",
      "bon 1",
      "paper 2",
      "bon 2",
    ]);
    expect(scripted.calls).toHaveLength(4 * 16 * 4);
    for (const { questions, seconds } of runs) {
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(questions.map(({ id, gold }) => [id, gold])).toEqual(dataset.map(({ id }) => [id, "a"]));
      const spent = questions.reduce((sum, { standings }) => sum + (standings[1]?.samples ?? 0), 0);
      expect(spent).toBe(64);
    }
  });

  it("knows on the way what a run with a smaller budget returns, call for call", async () => {
    const [run] = await collected({ methods: { paper: {} }, seeds: [5] });
    const scaled = new DynScaling({ model: model(), budget: { samplesPerInput: 8 }, seed: 5 });
    const records = await scaled.solve(dataset.map(({ question }) => question));
    for (const [place, { answer, votes, samples, outputTokens, inputTokens }] of records.entries()) {
      const facts = { answer, votes, samples, outputTokens, inputTokens };
      expect(run?.questions[place]?.standings[0]).toEqual(facts);
    }
  });

  it("keeps every sample with its stage, purpose, parents and tokens", async () => {
    const [run] = await collected({ methods: { sp2: sp2() }, samplesPerInput: [3], seeds: [0] });
    expect(run?.questions[0]?.samples).toEqual([
      sample("parallel", "answer", [], "a"),
      sample("sequential", "feedback", [0], null),
      sample("sequential", "answer", [0, 1], "a"),
    ]);
    function sample(stage: string, purpose: string, parents: number[], answer: string | null): object {
      return { round: 0, stage, purpose, parents, answer, inputTokens: 3, outputTokens: 7, failed: false };
    }
  });

  it("pays only for what is missing when it starts again", async () => {
    const first = await collected({ seeds: [1] });
    const file = first.map(formatRun).join("");
    // The crash cut the second line off.
    const finished = parseRuns(file.slice(0, -20));
    expect(finished.map(({ method }) => method)).toEqual(["paper"]);
    const scripted = model();
    const second = await collected({ model: scripted, seeds: [1], finished });
    expect(second.map(({ method }) => method)).toEqual(["bon"]);
    expect(scripted.calls).toHaveLength(64);
    expect(parseRuns(file)).toEqual(first);
  });

  it("yields a run before the next one spends anything", async () => {
    const scripted = model();
    const runs = evaluate({ model: scripted, dataset, methods, samplesPerInput: [8] });
    await runs.next();
    expect(scripted.calls).toHaveLength(32);
    await runs.return();
    expect(scripted.calls).toHaveLength(32);
  });

  it("stops when it is aborted, and passes no half run off as a whole one", async () => {
    const stop = new AbortController();
    const scripted = new ScriptedModel(({ index }) => {
      if (index === 10) stop.abort(new Error("enough"));
      return "\\boxed{a}";
    });
    await expect(collected({ model: scripted, signal: stop.signal })).rejects.toThrow("enough");
    expect(scripted.calls.length).toBeLessThan(64);
  });

  it("counts budgets in output tokens, too", async () => {
    const options = {
      samplesPerInput: undefined,
      outputTokensPerInput: [60, 120],
      maxOutputTokensPerSample: 10,
    };
    const [run] = await collected({ ...options, methods: { paper: {} } } as Partial<EvaluateOptions>);
    const tokens = [0, 1].map((step) =>
      run?.questions.reduce((sum, { standings }) => sum + (standings[step]?.outputTokens ?? 0), 0),
    );
    expect(tokens[0]).toBeLessThanOrEqual(240);
    expect(tokens[0]).toBeGreaterThan(150);
    expect(tokens[1]).toBeLessThanOrEqual(480);
    expect(tokens[1]).toBeGreaterThan(470);
  });

  it.each([
    ["an unknown option", { budgets: [8] }, /^evaluate\.budgets/],
    ["an empty dataset", { dataset: [] }, /^evaluate\.dataset/],
    ["a seed that is none", { seeds: [0.5] }, /^evaluate\.seeds/],
    [
      "a method with a wrong part, though it is the last",
      { methods: { a: {}, b: { unitSamples: 0 } } },
      /unitSamples/,
    ],
  ])("refuses %s before anything is spent", async (_what, options, message) => {
    const scripted = model();
    await expect(collected({ model: scripted, ...options } as Partial<EvaluateOptions>)).rejects.toThrow(
      message,
    );
    expect(scripted.calls).toHaveLength(0);
  });
});

describe("what an evaluation will spend", () => {
  const options = (rest: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
    model: model(),
    dataset,
    methods,
    seeds: [1, 2, 3],
    samplesPerInput: [8, 16],
    ...rest,
  });

  it("is known before: calls, and tokens where anything limits them", () => {
    expect(estimateEvaluation(options())).toMatchObject({
      runs: 6,
      calls: 6 * 64,
      maxOutputTokens: null,
      expectedOutputTokens: null,
    });
    expect(estimateEvaluation(options({ maxOutputTokensPerSample: 100 })).maxOutputTokens).toBe(38_400);
  });

  it("is what it then spends, and is expected from runs that are there", async () => {
    const finished = await collected({ seeds: [1] });
    const estimate = estimateEvaluation(options({ finished }), finished);
    expect(estimate).toMatchObject({ runs: 4, calls: 256, expectedOutputTokens: 256 * 7 });
    const scripted = model();
    await collected({ model: scripted, seeds: [1, 2, 3], finished });
    expect(scripted.calls).toHaveLength(256);
  });
});

describe("a file of runs", () => {
  it("is refused where its lines do not belong together, or are none", async () => {
    const [run] = await collected({ methods: { paper: {} }, samplesPerInput: [8] });
    const other = { ...(run as Run), checkpoints: [9] };
    expect(() => parseRuns(formatRun(run as Run) + formatRun(other))).toThrow(
      /another model, other questions/,
    );
    expect(() => parseRuns('{"method": 1}\n')).toThrow(/^line 1/);
    expect(parseRuns("")).toEqual([]);
  });
});
