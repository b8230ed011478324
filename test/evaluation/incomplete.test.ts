import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { selfConsistency } from "../../src/baselines/index.js";
import { IncompleteRunError, evaluate } from "../../src/evaluation/index.js";
import type { EvaluateOptions, Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const dataset = ["one", "two", "three"].map((id) => ({ id, question: `${id}?`, answer: "a" }));
const refusal = Object.assign(new Error("400 flagged"), { status: 400 });

/** The runs that were yielded, and what was thrown after them. */
async function runsOf(
  respond: (index: number, question: string) => string | Error,
  rest: Partial<EvaluateOptions> = {},
): Promise<{ runs: Run[]; error: unknown; calls: number }> {
  const model = new ScriptedModel(({ index, question }) => respond(index, question));
  const methods = { bon: { ...selfConsistency(), unitSamples: 1 } };
  const options = { model, dataset, methods, samplesPerInput: [1, 4], maxConcurrency: 1, seeds: [0, 1] };
  const runs: Run[] = [];
  let error: unknown;
  try {
    for await (const run of evaluate({ ...options, ...rest })) runs.push(run);
  } catch (thrown) {
    error = thrown;
  }
  return { runs, error, calls: model.calls.length };
}

describe("a run of evaluate() that failures cut off", () => {
  it.each([
    ["from the first call on", 12],
    ["after some questions had an answer", 14],
    ["after every question had an answer", 19],
  ])("is thrown, not yielded, where calls fail %s; earlier runs stay", async (_when, answered) => {
    const { runs, error } = await runsOf((index) => (index < answered ? "\\boxed{a}" : refusal));
    expect(runs.map(({ seed }) => seed)).toEqual([0]);
    expect(error).toBeInstanceOf(IncompleteRunError);
    expect(String(error)).toMatch(/run of bon with seed 1 broke off: .* 400 flagged$/);
    expect((error as Error).cause).toMatchObject({ message: "400 flagged" });
  });

  it("names the question that is always refused", async () => {
    const { runs, error } = await runsOf((_index, question) =>
      question === "two?" ? refusal : "\\boxed{a}",
    );
    expect(runs).toEqual([]);
    expect(String(error)).toContain("1 of 3 questions were given up, the first of them two");
  });

  it("goes on from a journal where it stood", async () => {
    const journal = new InMemoryStore<Uint8Array>();
    const rest = { journal, seeds: [1], samplesPerInput: [12] };
    const cut = await runsOf((index) => (index < 17 ? "\\boxed{a}" : refusal), rest);
    expect(cut.error).toBeInstanceOf(IncompleteRunError);
    const again = await runsOf(() => "\\boxed{a}", rest);
    expect(again.error).toBeUndefined();
    expect(again.runs.map(({ seed }) => seed)).toEqual([1]);
    expect(again.calls).toBe(36 - 17);
  });

  it("is a run like any other where failed calls gave their samples back and were replaced", async () => {
    const { runs, error } = await runsOf((index) => (index % 4 === 3 ? refusal : "\\boxed{a}"));
    expect(error).toBeUndefined();
    for (const { questions } of runs)
      for (const { samples } of questions) expect(samples.filter(({ failed }) => !failed)).toHaveLength(4);
  });
});
