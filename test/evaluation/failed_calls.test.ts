import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { selfConsistency } from "../../src/baselines/index.js";
import { effectiveAllocation, evaluate } from "../../src/evaluation/index.js";
import type { Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const dataset = ["one", "two"].map((id) => ({ id, question: `${id}?`, answer: "b" }));
const usage_metadata = { input_tokens: 3, output_tokens: 7, total_tokens: 10 };
const refusal = Object.assign(new Error("400 flagged"), { status: 400 });

/** Every third call is refused, or paid for and empty. */
async function runWith(third: Error | AIMessage): Promise<Run> {
  const model = new ScriptedModel(({ index }) =>
    index % 3 === 2 ? third : new AIMessage({ content: "\\boxed{a}", usage_metadata }),
  );
  const methods = { bon: { ...selfConsistency(), unitSamples: 2 } };
  const runs = evaluate({ model, dataset, methods, samplesPerInput: [2, 4, 6], maxConcurrency: 1 });
  return (await runs.next()).value as Run;
}

const spent = ({ questions, checkpoints }: Run): number[] =>
  checkpoints.map((_, step) =>
    questions.reduce((sum, { standings }) => sum + (standings[step]?.samples ?? 0), 0),
  );

describe("the spend of a run", () => {
  it("leaves out failed calls that gave their samples back, at every checkpoint", async () => {
    const run = await runWith(refusal);
    const samples = run.questions.flatMap((question) => question.samples);
    expect(samples.filter(({ failed }) => failed).length).toBeGreaterThan(3);
    expect(spent(run).at(-1)).toBe(12);
    expect(spent(run)[0]).toBeLessThanOrEqual(4);
    expect(spent(run)[1]).toBeGreaterThan(6);
    const later = samples.filter(({ round, failed }) => round > 0 && !failed).length;
    expect(effectiveAllocation([run]).overall).toEqual({ count: later, of: later });
  });

  it("counts empty responses, which are paid for", async () => {
    const run = await runWith(new AIMessage({ content: "", usage_metadata }));
    const samples = run.questions.flatMap((question) => question.samples);
    expect(samples.filter(({ failed }) => failed)).toHaveLength(4);
    expect(samples).toHaveLength(12);
    expect(spent(run)).toEqual([4, 8, 12]);
  });
});
