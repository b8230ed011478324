import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling, OptionError } from "../../src/index.js";
import type { DynScalingMetadata, ReviewFields } from "../../src/index.js";
import { ARM_KEYS, armScores, writeFeedback } from "../../src/langsmith/index.js";
import { selfConsistency } from "../../src/baselines/index.js";
import { boxed } from "../../src/extractors/index.js";
import { byField } from "../../src/structured/index.js";
import { serveOpenAI } from "../support/openai_server.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { openAIClient } from "../wire/clients.js";
import { named } from "../wire/trace_tree.js";
import { startTraced } from "../wire/traced.js";
import type { Traced } from "../wire/traced.js";

/** The answers of one question, in the order asked. */
async function recordOf(answers: readonly string[], review?: ReviewFields): Promise<DynScalingMetadata> {
  const model = new ScriptedModel(({ index }) => answers[index] as string);
  const budget = { samplesPerInput: answers.length };
  const scaled = new DynScaling({
    model,
    budget,
    extractor: boxed,
    ...selfConsistency(),
    ...(review && { review }),
  });
  const message = await scaled.invoke("Why?", { maxConcurrency: 1 });
  return message.response_metadata.dynscaling;
}

const box = (answer: string): string => `I say \\boxed{${answer}}`;

describe("a result for a person to look at", () => {
  it("carries the candidates with their votes and an example of each", async () => {
    const { answer, agreement, review } = await recordOf(["1", "2", "1", "3"].map(box), {
      agreementBelow: 0.6,
    });
    expect(answer).toBe("1");
    expect(agreement).toBe(0.5);
    expect(review).toEqual({
      reason: "agreement",
      candidates: [
        { answer: "1", count: 2, share: 0.5, sample: 0, example: box("1") },
        { answer: "2", count: 1, share: 0.25, sample: 1, example: box("2") },
        { answer: "3", count: 1, share: 0.25, sample: 3, example: box("3") },
      ],
    });
  });

  it("is none from the wanted agreement on, and never one without the option", async () => {
    const answers = ["1", "1", "1", "2", "2"].map(box);
    expect((await recordOf(answers, { agreementBelow: 0.6 })).review).toBeNull();
    expect((await recordOf(answers, { agreementBelow: 0.61 })).review?.reason).toBe("agreement");
    expect((await recordOf(["1", "2"].map(box))).review).toBeNull();
  });

  it("is one whose few votes agree only because they are few", async () => {
    const answers = [box("1"), "no idea", "hm"];
    const lone = await recordOf(answers, { agreementBelow: 0.6 });
    expect([lone.agreement, lone.review?.reason]).toEqual([1, "votes"]);
    expect((await recordOf(answers, { agreementBelow: 0.6, votesBelow: 1 })).review).toBeNull();
  });

  it("is one that has no answer", async () => {
    const { agreement, review } = await recordOf(["hm", "well"], { agreementBelow: 0.1 });
    expect(agreement).toBeNull();
    expect(review).toEqual({ reason: "noAnswer", candidates: [] });
  });

  it("is judged by the fields of an object that was put together, not by whole objects", async () => {
    const objects = [
      { a: 1, b: 9, c: 3 },
      { a: 8, b: 2, c: 3 },
      { a: 1, b: 2, c: 7 },
    ];
    const server = await serveOpenAI(({ index }) => JSON.stringify(objects[index % 3]));
    const schema = z.object({ a: z.number(), b: z.number(), c: z.number() });
    const reviewed = async (agreementBelow: number): Promise<unknown> => {
      const budget = { samplesPerInput: 3 };
      const model = openAIClient(server);
      const scaled = new DynScaling({ model, budget, review: { agreementBelow }, ...selfConsistency() });
      const options = { method: "jsonMode", vote: byField(), includeRaw: true } as const;
      const { raw } = await scaled.withStructuredOutput(schema, options).invoke("JSON?");
      const { combined, agreement, review } = raw.response_metadata.dynscaling;
      expect(combined).toBe(true);
      expect(agreement).toBeCloseTo(2 / 3);
      return review?.reason ?? null;
    };
    expect(await reviewed(0.6)).toBeNull();
    expect(await reviewed(0.7)).toBe("agreement");
    await server.close();
  });

  it("is announced with options that make sense", () => {
    const model = new ScriptedModel();
    for (const review of [
      { agreementBelow: -0.1 },
      { agreementBelow: 1.2 },
      { agreementBelow: "0.6" },
      {},
      { agreementBelow: 0.5, votesBelow: 0 },
      { below: 0.6 },
    ])
      expect(() => new DynScaling({ model, review: review as ReviewFields })).toThrow(OptionError);
  });
});

describe("a result for a person to look at, in LangSmith", () => {
  let traced: Traced;
  afterEach(() => traced.close());

  it("is found by one filter, over metadata or over feedback", async () => {
    traced = await startTraced(({ turns, index }) =>
      box(turns[0]?.text.includes("hard") ? String(index) : "1"),
    );
    const { model, client, callbacks } = traced;
    const budget = { samplesPerInput: 4 };
    const scaled = new DynScaling({ model, budget, review: { agreementBelow: 0.6 }, ...selfConsistency() });
    const messages = await scaled.batch(["easy", "hard"], { callbacks });
    await writeFeedback(messages, { client, projectName: "traces" });
    const arms = named(await traced.stored(), "DynScaling");
    const doubtful = arms.filter(
      ({ extra }) => (extra as Extra).metadata["dynscaling_needs_review"] === true,
    );
    expect(doubtful.map(({ inputs }) => inputs)).toEqual([{ input: "hard" }]);
    const feedback = traced.langSmith.feedback();
    const low = feedback.filter(({ key, score }) => key === ARM_KEYS.agreement && Number(score) < 0.6);
    const marked = feedback.filter(({ key }) => key === ARM_KEYS.needsReview);
    expect(low.map(({ run_id }) => run_id)).toEqual([doubtful[0]?.id]);
    expect(marked.map(({ run_id, score }) => [run_id, score])).toEqual([[doubtful[0]?.id, 1]]);
  });

  it("gets no score where nobody asked for a review", async () => {
    traced = await startTraced(() => "");
    const record = { agreement: 1, uncertainty: 0, samples: 1, review: null };
    expect(armScores(record).map(({ key }) => key)).not.toContain(ARM_KEYS.needsReview);
  });
});

interface Extra {
  metadata: Record<string, unknown>;
}
