import { ChatPromptTemplate } from "@langchain/core/prompts";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { Client } from "langsmith";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { DynScaling, OptionError } from "../../src/index.js";
import { ARM_KEYS, armScores, writeFeedback } from "../../src/langsmith/index.js";
import { byField } from "../../src/structured/index.js";
import type { StoredFeedback } from "../support/langsmith_server.js";
import type { Respond } from "../support/protocol_server.js";
import { named } from "./trace_tree.js";
import { startTraced } from "./traced.js";
import type { Traced } from "./traced.js";

let traced: Traced;
afterEach(async () => {
  vi.unstubAllEnvs();
  await traced.close();
});

/** Three of four agree on everything but "bad", which is refused. */
const respond: Respond = ({ turns, index }) =>
  turns[0]?.text.includes("bad") ? { status: 400, text: "Refused" } : `\\boxed{${index % 4 === 3 ? 2 : 1}}`;

function scaledOf({ model }: Traced): DynScaling {
  return new DynScaling({ model, budget: { samplesPerInput: 4 } });
}

function scoresOf(
  feedback: readonly StoredFeedback[],
  runId: string | null | undefined,
): Record<string, unknown> {
  const own = feedback.filter(({ run_id }) => run_id === runId);
  return Object.fromEntries(own.map(({ key, score }) => [key, score]));
}

describe("Feedback for every arm", () => {
  it("gives agreement, uncertainty and samples to the runs of a batch, in the upload of runs", async () => {
    traced = await startTraced(respond);
    const { client, callbacks, langSmith } = traced;
    const messages = await scaledOf(traced).batch(["Why?"], { callbacks });
    expect(await writeFeedback(messages, { client, projectName: "traces" })).toBe(1);
    const feedback = langSmith.feedback();
    const [root] = named(await traced.stored(), "DynScaling");
    expect(scoresOf(feedback, root?.id)).toEqual({
      dynscaling_agreement: 0.75,
      dynscaling_uncertainty: 0.25,
      dynscaling_samples: 4,
    });
    const project = langSmith.sessions.find(({ name }) => name === "traces");
    for (const { trace_id, session_id } of feedback)
      expect([trace_id, session_id]).toEqual([root?.id, project?.id]);
    expect(langSmith.requests.map(({ path }) => path)).not.toContain("/feedback");
  });

  it("puts the feedback of an arm inside a chain into the trace of the chain", async () => {
    traced = await startTraced(respond);
    const { client, callbacks } = traced;
    const chain = ChatPromptTemplate.fromTemplate("{question}").pipe(scaledOf(traced));
    const messages = await chain.batch([{ question: "a" }, { question: "b" }], { callbacks });
    await writeFeedback(messages, { client, projectName: "traces" });
    const arms = named(await traced.stored(), "DynScaling");
    expect(arms.every(({ id, trace_id }) => id !== trace_id)).toBe(true);
    const places = traced.langSmith.feedback().map(({ run_id, trace_id }) => `${run_id} in ${trace_id}`);
    expect(new Set(places)).toEqual(new Set(arms.map(({ id, trace_id }) => `${id} in ${trace_id}`)));
    expect(places).toHaveLength(6);
  });

  it("takes the records of solve(), and skips errors and arms that failed or that nothing traced", async () => {
    traced = await startTraced(respond);
    const { client, callbacks } = traced;
    const scaled = scaledOf(traced);
    const records = await scaled.solve(["good", "bad"], { callbacks });
    const messages = await scaled.batch(["good", "bad"], { callbacks }, { returnExceptions: true });
    const untraced = await scaled.invoke("good");
    const results = [...records, ...messages, untraced];
    expect(await writeFeedback(results, { client, projectName: "traces" })).toBe(2);
    const scored = new Set(traced.langSmith.feedback().map(({ run_id }) => run_id));
    const arms = named(await traced.stored(), "DynScaling");
    expect(scored).toEqual(new Set(arms.filter(({ error }) => !error).map(({ id }) => id)));
    expect(scored.size).toBe(2);
  });

  it("takes structured output with its raw message, and scores an object put together by its lowest field", async () => {
    const SAID = [
      { a: 1, b: 2, c: 9 },
      { a: 1, b: 8, c: 3 },
      { a: 7, b: 2, c: 3 },
    ];
    traced = await startTraced(({ index }) => JSON.stringify(SAID[index % 3]));
    const { client, callbacks, model } = traced;
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 3 }, unitSamples: 3 });
    const schema = z.object({ a: z.number(), b: z.number(), c: z.number() });
    const structured = scaled.withStructuredOutput(schema, {
      method: "jsonMode",
      includeRaw: true,
      vote: byField(),
    });
    const outputs = await structured.batch(["Read it as JSON."], { callbacks });
    expect(outputs[0]?.parsed).toEqual({ a: 1, b: 2, c: 3 });
    expect(await writeFeedback(outputs, { client, projectName: "traces" })).toBe(1);
    const runId = outputs[0]?.raw.response_metadata.dynscaling.runId;
    expect(scoresOf(traced.langSmith.feedback(), runId)).toMatchObject({ dynscaling_agreement: 0.6667 });
  });

  it("finds the key, the server and the project in the environment", async () => {
    traced = await startTraced(respond);
    vi.stubEnv("LANGSMITH_ENDPOINT", traced.langSmith.url);
    vi.stubEnv("LANGSMITH_API_KEY", "no-key");
    vi.stubEnv("LANGSMITH_PROJECT", "mine");
    const client = new Client();
    const message = await scaledOf(traced).invoke("Why?", { callbacks: [new LangChainTracer({ client })] });
    await client.awaitPendingTraceBatches();
    expect(await writeFeedback([message])).toBe(1);
    const project = traced.langSmith.sessions.find(({ name }) => name === "mine");
    expect(traced.langSmith.feedback().map(({ session_id }) => session_id)).toEqual(
      Array(3).fill(project?.id),
    );
  });

  it("asks LangSmith nothing where there is nothing to score", async () => {
    traced = await startTraced(respond);
    expect(await writeFeedback([], { client: traced.client })).toBe(0);
    expect(await writeFeedback([new Error("lost")], { client: traced.client })).toBe(0);
    expect(traced.langSmith.requests).toEqual([]);
  });

  it("writes nothing if one of the results carries no record, or there is no such project", async () => {
    traced = await startTraced(respond);
    const { client, callbacks } = traced;
    const message = await scaledOf(traced).invoke("Why?", { callbacks });
    const wrong = writeFeedback([message, "text" as never], { client, projectName: "traces" });
    await expect(wrong).rejects.toThrow('results[1]: got "text". Give the messages of batch()');
    const lost = writeFeedback([message], { client, projectName: "nowhere" });
    await expect(lost).rejects.toThrow(OptionError);
    await expect(lost).rejects.toThrow('projectName: got "nowhere". LangSmith has no such project');
    await expect(writeFeedback([message], { cliemt: client } as never)).rejects.toThrow(
      "writeFeedback.cliemt",
    );
    await traced.stored();
    expect(traced.langSmith.feedback()).toEqual([]);
  });
});

describe("The scores of an arm", () => {
  const scores = (record: Partial<Parameters<typeof armScores>[0]>): Record<string, number> =>
    Object.fromEntries(
      armScores({ agreement: null, uncertainty: 1, samples: 8, ...record }).map(({ key, score }) => [
        key,
        score,
      ]),
    );

  it("are those of its record", () => {
    expect(scores({ agreement: 0.75, uncertainty: 0.625 })).toEqual({
      [ARM_KEYS.agreement]: 0.75,
      [ARM_KEYS.uncertainty]: 0.625,
      [ARM_KEYS.samples]: 8,
    });
  });

  it("have no agreement where nothing voted", () => {
    expect(scores({})[ARM_KEYS.agreement]).toBe(0);
  });
});
