import { AIMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selfConsistency } from "../../src/baselines/index.js";
import { evaluate } from "../../src/evaluation/index.js";
import type { EvaluateOptions, Run } from "../../src/evaluation/index.js";
import { integrated } from "../../src/samplers/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

/** The n-th answer to a question, and its length, are the same in every run. */
function model(): ScriptedModel {
  const asked = new Map<string, number>();
  return new ScriptedModel(({ question }) => {
    const n = asked.get(question) ?? 0;
    asked.set(question, n + 1);
    const drawn = (n * 7 + question.length * 5 + n * n) % 11;
    const usage = { input_tokens: 3, output_tokens: 1 + drawn, total_tokens: 4 + drawn };
    return new AIMessage({ content: `\\boxed{${drawn % 3}}`, usage_metadata: usage });
  });
}

async function runOver(questions: number, options: Partial<EvaluateOptions>): Promise<Run> {
  const dataset = Array.from({ length: questions }, (_, place) => ({
    id: `q${place}`,
    question: `${"?".repeat(place + 1)}`,
    answer: "1",
  }));
  const runs = evaluate({ model: model(), dataset, methods: { m: selfConsistency() }, ...options });
  return (await runs.next()).value as Run;
}

const spentAt = ({ questions }: Run, step: number): number =>
  questions.reduce((sum, { standings }) => sum + (standings[step]?.samples ?? 0), 0);

describe("best of n between the ends of its rounds", () => {
  it("spends every budget that it is looked at", async () => {
    const run = await runOver(2, { samplesPerInput: [2, 10, 12.5, 14, 16] });
    expect([0, 1, 2, 3, 4].map((step) => spentAt(run, step))).toEqual([4, 20, 25, 28, 32]);
  });

  it("stands at every budget as a run of that budget ends", async () => {
    const budgets = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 4 });
    const setting = fc.record({
      questions: fc.integer({ min: 1, max: 4 }),
      unitSamples: fc.integer({ min: 1, max: 9 }),
      halves: budgets,
    });
    await fc.assert(
      fc.asyncProperty(setting, async ({ questions, unitSamples, halves }) => {
        const methods = { m: { ...selfConsistency(), unitSamples } };
        const whole = await runOver(questions, { methods, samplesPerInput: halves.map((half) => half / 2) });
        for (const [step, budget] of whole.checkpoints.entries()) {
          const own = await runOver(questions, { methods, samplesPerInput: [budget] });
          expect(whole.questions.map(({ standings }) => standings[step])).toEqual(
            own.questions.map(({ standings }) => standings[0]),
          );
        }
      }),
      { seed: 11, numRuns: 25 },
    );
  });

  it("keeps within a budget of tokens by less than one response", async () => {
    const run = await runOver(2, { outputTokensPerInput: [1, 30, 100], maxOutputTokensPerSample: 11 });
    expect(run.questions.map(({ standings }) => standings[0])).toEqual([null, null]);
    const tokens = run.questions.reduce((sum, { standings }) => sum + (standings[1]?.outputTokens ?? 0), 0);
    expect(tokens).toBeLessThanOrEqual(60);
    expect(tokens).toBeGreaterThan(60 - 11);
  });
});

describe("an even split of units whose samples quote others", () => {
  it("is looked at where a round ended, since a smaller budget would have quoted otherwise", async () => {
    const methods = { m: { ...selfConsistency(), sampler: integrated(), unitSamples: 4 } };
    const run = await runOver(2, { methods, samplesPerInput: [4, 6, 8] });
    expect([0, 1, 2].map((step) => spentAt(run, step))).toEqual([8, 8, 16]);
  });
});
