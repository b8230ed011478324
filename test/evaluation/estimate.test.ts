import { AIMessage } from "@langchain/core/messages";
import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { selfConsistency } from "../../src/baselines/index.js";
import { estimateEvaluation, evaluate, keptSamples } from "../../src/evaluation/index.js";
import type { EvaluateOptions, Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const dataset = ["one", "two"].map((id) => ({ id, question: `${id}? Say it.`, answer: "a" }));
const methods = { chains: {}, bon: selfConsistency() };

/** A call alone takes 3 input and 7 output tokens, one that quotes 50 and 20. */
function model(): ScriptedModel {
  return new ScriptedModel(({ messages }) => {
    const [input_tokens, output_tokens] = messages.length > 1 ? [50, 20] : [3, 7];
    const usage_metadata = { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
    return new AIMessage({ content: "So \\boxed{a}", usage_metadata });
  });
}

function options(rest: Partial<EvaluateOptions> = {}): EvaluateOptions {
  return { model: model(), dataset, methods, samplesPerInput: [8], ...rest } as EvaluateOptions;
}

async function runsOf(rest: Partial<EvaluateOptions>): Promise<Run[]> {
  const runs: Run[] = [];
  for await (const run of evaluate(options(rest))) runs.push(run);
  return runs;
}

describe("what an evaluation is expected to spend", () => {
  it("is not guessed while no response is there, and its input is weighed with the chains", () => {
    const estimate = estimateEvaluation(options({ maxOutputTokensPerSample: 100 }));
    expect(estimate).toMatchObject({ calls: 32, maxOutputTokens: 3200, knownResponses: 0 });
    expect(estimate).toMatchObject({ expectedCalls: null, expectedOutputTokens: null });
    // Half of the calls of a chain's unit quote four responses.
    const prompt = dataset[0]!.question.length / 4;
    expect(estimate.fullInputTokens).toBe(32 * prompt + 8 * 4 * 100);
  });

  it("goes by the runs of each method, input included", async () => {
    const finished = await runsOf({});
    const bon = estimateEvaluation(
      options({ finished, seeds: [1], methods: { bon: methods.bon } }),
      finished,
    );
    expect(bon).toMatchObject({ expectedCalls: 16, expectedOutputTokens: 16 * 7, expectedInputTokens: 48 });
    const { chains: paper } = methods;
    const chains = estimateEvaluation(
      options({ finished, seeds: [1], methods: { chains: paper } }),
      finished,
    );
    expect(chains.expectedOutputTokens).toBe(8 * 7 + 8 * 20);
    expect(chains.expectedInputTokens).toBe(8 * 3 + 8 * 50);
  });

  it("weighs what chains quote where only another method has run", async () => {
    const finished = await runsOf({ methods: { bon: methods.bon } });
    const estimate = estimateEvaluation(options({ finished }), finished);
    expect(estimate.expectedOutputTokens).toBe(16 * 7);
    expect(estimate.expectedInputTokens).toBe(16 * 3 + 8 * 4 * 7);
  });

  it("expects fewer calls of a method that ended its runs early", async () => {
    const [run] = await runsOf({ methods: { bon: methods.bon } });
    const { questions, ...rest } = run as Run;
    const early = {
      ...rest,
      questions: questions.map((each) => ({ ...each, samples: each.samples.slice(0, 3) })),
    };
    const asked = options({ finished: [early], seeds: [1], methods: { bon: methods.bon } });
    expect(estimateEvaluation(asked, [early])).toMatchObject({ calls: 16, expectedCalls: 6 });
  });

  it("leaves out what a journal holds, of these runs alone, and learns from it", async () => {
    const journal = new InMemoryStore<Uint8Array>();
    await runsOf({ journal, methods: { bon: methods.bon }, dataset: dataset.slice(0, 1) });
    const kept = await keptSamples(journal, options());
    expect(estimateEvaluation(options(), [], kept)).toMatchObject({
      keptCalls: 8,
      calls: 32 - 8,
      expectedCalls: 32 - 8,
      expectedOutputTokens: (32 - 8) * 7,
    });
    const scripted = model();
    await runsOf({ journal, model: scripted });
    expect(scripted.calls).toHaveLength(32 - 8);
    expect(await keptSamples(journal, options({ seeds: [1] }))).toEqual([]);
  });

  it("counts a journal against a budget in tokens", async () => {
    const journal = new InMemoryStore<Uint8Array>();
    const rest = { methods: { bon: methods.bon }, samplesPerInput: undefined, outputTokensPerInput: [70] };
    const asked = { ...options(), ...rest, maxOutputTokensPerSample: 7 } as unknown as EvaluateOptions;
    await runsOf({ journal, methods: { bon: methods.bon } });
    const estimate = estimateEvaluation(asked, [], await keptSamples(journal, asked));
    expect(estimate).toMatchObject({ calls: null, maxOutputTokens: 140 - 16 * 7, expectedCalls: 4 });
  });
});
