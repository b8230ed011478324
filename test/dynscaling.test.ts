import { AIMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import { RunnableEach, RunnableLambda } from "@langchain/core/runnables";
import { fakeModel } from "@langchain/core/testing";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";
import { boxed } from "../src/extractors/index.js";
import { DynScaling } from "../src/index.js";
import type { DynScalingFields } from "../src/index.js";
import { integrated } from "../src/samplers/index.js";
import { ScriptedModel } from "./support/scripted_model.js";

const smallBudget = { budget: { samplesPerInput: 4 }, unitSamples: 4 };

/** Agrees with itself about "sure?" and with nobody about anything else. */
function unsureModel(): ScriptedModel {
  return new ScriptedModel(({ index, question }) =>
    question === "sure?" ? "\\boxed{1}" : `Try ${index}: \\boxed{${index}}`,
  );
}

async function promptsOf(fields: Partial<DynScalingFields>): Promise<string[]> {
  const model = unsureModel();
  await new DynScaling({ model, budget: { samplesPerInput: 16 }, ...fields }).batch(["a?", "b?", "sure?"]);
  return model.calls.map(({ messages }) => JSON.stringify(messages.map(({ text }) => text)));
}

describe("DynScaling as a Runnable", () => {
  it("answers one input as it answers a batch of one", async () => {
    const model = new FakeListChatModel({
      responses: ["\\boxed{1}", "so \\boxed{2}", "\\boxed{2}", "\\boxed{3}"],
    });
    const scaled = new DynScaling({ model, ...smallBudget });
    const message = await scaled.invoke("Why?");
    const [other] = await scaled.batch(["Why?"]);
    expect(message.text).toBe("so \\boxed{2}");
    expect(AIMessage.isInstance(message)).toBe(true);
    expect(other?.content).toBe(message.content);
    const { batchId, ...metadata } = message.response_metadata.dynscaling;
    expect(other?.response_metadata.dynscaling).toMatchObject(metadata);
    expect(other?.response_metadata.dynscaling.batchId).not.toBe(batchId);
  });

  it("returns nothing for nothing, without asking the model", async () => {
    const model = fakeModel();
    const scaled = new DynScaling({ model });
    expect(await scaled.batch([])).toEqual([]);
    expect(await scaled.solve([])).toEqual([]);
    expect(await ChatPromptTemplate.fromTemplate("{x}").pipe(scaled).batch([])).toEqual([]);
    expect(model.callCount).toBe(0);
  });

  it("asks strings, message lists and prompt values alike", async () => {
    const model = new ScriptedModel(() => "\\boxed{1}");
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 1 } });
    const value = await ChatPromptTemplate.fromTemplate("{x}").invoke({ x: "Why {y}?" });
    await scaled.batch(["Why {y}?", [new HumanMessage("Why {y}?")], [["human", "Why {y}?"]], value]);
    expect(
      model.calls.map(({ messages }) => messages.map((message) => [message.getType(), message.text])),
    ).toEqual(Array.from({ length: 4 }, () => [["human", "Why {y}?"]]));
  });

  it("passes a failed step's error on unspent, and leaves its share out of the pool", async () => {
    const model = unsureModel();
    const failed = new Error("the step before failed");
    const parse = RunnableLambda.from((text: string) => {
      if (text === "bad") throw failed;
      return text;
    });
    const chain = parse.pipe(new DynScaling({ model, ...smallBudget }));
    const results = await chain.batch(["a?", "bad", "sure?"], {}, { returnExceptions: true });
    expect(results[1]).toBe(failed);
    expect(results.map((result) => AIMessage.isInstance(result))).toEqual([true, false, true]);
    expect(model.calls).toHaveLength(8);
  });

  it("puts the error of an unreadable input in its place, or rejects before any call", async () => {
    const model = unsureModel();
    const scaled = new DynScaling({ model, ...smallBudget });
    const inputs = ["a?", null as unknown as string];
    await expect(scaled.batch(inputs)).rejects.toThrow(
      "Give a string, a list of messages or a prompt value.",
    );
    expect(model.calls).toHaveLength(0);
    const results = await scaled.batch(inputs, {}, { returnExceptions: true });
    expect(results.map((result) => result instanceof Error)).toEqual([false, true]);
    expect(model.calls).toHaveLength(4);
  });

  it("refuses to solve a failed step's error, before any call", async () => {
    const model = unsureModel();
    const solved = new DynScaling({ model }).solve(["a?", new Error("failed") as unknown as string]);
    await expect(solved).rejects.toThrow("Give a string, a list of messages or a prompt value.");
    expect(model.calls).toHaveLength(0);
  });

  it("refuses a list of options of the wrong length before any call", async () => {
    const model = unsureModel();
    await expect(new DynScaling({ model }).batch(["a?", "b?"], [{}])).rejects.toThrow(/options/);
    expect(model.calls).toHaveLength(0);
  });

  it("returns the winner's message untouched, and leaves the model's own alone", async () => {
    const content = [
      { type: "reasoning", reasoning: "hm" },
      { type: "text", text: "  So \\boxed{2}\n" },
    ];
    const winner = new AIMessage({
      content,
      id: "winner",
      name: "model",
      additional_kwargs: { kept: { deeply: [1] } },
      response_metadata: { finish_reason: "stop" },
      tool_calls: [{ name: "tool", args: { a: 1 }, id: "t1" }],
      usage_metadata: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
    });
    const model = new ScriptedModel(({ index }) => (index === 1 ? winner : `\\boxed{${Math.min(index, 2)}}`));
    // By default its call would be its vote.
    const scaled = new DynScaling({ model, extractor: boxed, budget: { totalSamples: 3 } });
    const message = await scaled.invoke("Why?");
    expect(message.content).toEqual(content);
    expect(message).toMatchObject({
      id: "winner",
      name: "model",
      additional_kwargs: { kept: { deeply: [1] } },
      tool_calls: winner.tool_calls,
      response_metadata: { finish_reason: "stop" },
    });
    expect(winner.response_metadata).not.toHaveProperty("dynscaling");
  });

  it("describes what it spent and how the vote went", async () => {
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    const said = [
      new AIMessage({ content: "\\boxed{1}", usage_metadata: usage }),
      new AIMessage({ content: "\\boxed{2}", usage_metadata: usage }),
      new Error("lost"),
      new AIMessage({ content: "no box", usage_metadata: usage }),
      new AIMessage({ content: "", usage_metadata: usage }),
      new AIMessage({ content: "\\boxed{2}" }),
      // The call that was lost gave its sample back.
      new AIMessage({ content: "\\boxed{2}", usage_metadata: usage }),
    ];
    const model = new ScriptedModel(({ index }) => said[index] as AIMessage);
    const boxOnly = (text: string): string | null => /\d/.exec(text)?.[0] ?? null;
    const scaled = new DynScaling({ model, budget: { totalSamples: 6 }, extractor: boxOnly });
    const message = await scaled.invoke("Why?");
    const { batchId, uncertainty, budget, ...rest } = message.response_metadata.dynscaling;
    expect(rest).toEqual({
      answer: "2",
      votes: [
        { answer: "2", count: 3 },
        { answer: "1", count: 1 },
      ],
      samples: 7,
      failedSamples: 2,
      failures: [
        { kind: "other", count: 1 },
        { kind: "unusable", count: 1 },
      ],
      excessOutputTokens: 0,
      replayedSamples: 0,
      unparsedSamples: 1,
      inputTokens: 50,
      outputTokens: 25,
      cachedInputTokens: null,
      savedInputTokens: 0,
      stopReason: "samples",
      agreement: 0.75,
      review: null,
      runId: null,
      traceId: null,
    });
    // Three of the five responses that came back agree.
    expect(uncertainty).toBeCloseTo(0.4);
    expect(budget).toMatchObject({ planned: { samples: 6, costUsd: null }, spent: { samples: 6 } });
    expect(batchId).toMatch(/^[0-9a-f-]{36}$/);
    expect(message.usage_metadata).toMatchObject({ input_tokens: 50, output_tokens: 25, total_tokens: 75 });
  });

  it("reports unknown usage as unknown, not as zero", async () => {
    const message = await new DynScaling({ model: new ScriptedModel(), ...smallBudget }).invoke("Why?");
    expect(message.response_metadata.dynscaling).toMatchObject({ inputTokens: null, outputTokens: null });
    expect(message.usage_metadata).toBeUndefined();
  });

  it("solves with the full record: samples with stage and parents, and the rounds", async () => {
    const scaled = new DynScaling({ model: unsureModel(), budget: { samplesPerInput: 6 }, unitSamples: 4 });
    const [unsure, sure] = await scaled.solve(["a?", "sure?"]);
    expect(sure?.responses.map(({ stage }) => stage)).toEqual([
      "parallel",
      "parallel",
      "sequential",
      "sequential",
    ]);
    expect(sure?.rounds).toEqual([{ round: 0, pulls: 4, priority: null, uncertainty: 0 }]);
    expect(sure?.responses.slice(2).map(({ parents }) => parents.toSorted())).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(unsure).toMatchObject({ samples: 8, error: null, message: { text: unsure?.responses[0]?.text } });
    expect(unsure?.responses.map(({ index, round }) => [index, round])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => [index, index < 4 ? 0 : 1]),
    );
    const priority = 0.75 + 0.25 * Math.sqrt(Math.log(8) / 4);
    expect(unsure?.rounds[1]).toEqual({ round: 1, pulls: 4, priority, uncertainty: 7 / 8 });
  });

  it("solves the other inputs when one has no response, and says why", async () => {
    const model = new ScriptedModel(({ question }) =>
      question === "a?" ? new Error("no idea") : "\\boxed{1}",
    );
    const [failed, solved] = await new DynScaling({ model, ...smallBudget }).solve(["a?", "b?"]);
    expect(failed).toMatchObject({
      message: null,
      error: { message: "no idea" },
      answer: null,
      stopReason: "closed",
    });
    // What the other one gave back is asked for here.
    expect(solved).toMatchObject({ error: null, answer: "1", samples: 8 });
  });

  it.each<[string, DynScalingFields["extractor"]]>([
    ["function of the text", (text) => text.slice(-2, -1)],
    ["function of the message", (_text, message) => String(message.content).slice(-2, -1)],
    ["promise", async (text) => (await Promise.resolve(text)).slice(-2, -1)],
  ])("takes the answer from a custom extractor that is a %s", async (_kind, extractor) => {
    const model = new FakeListChatModel({
      responses: ["\\boxed{14}", "\\boxed{23}", "\\boxed{33}", "\\boxed{5}"],
    });
    const message = await new DynScaling({ model, extractor, ...smallBudget } as DynScalingFields).invoke(
      "Why?",
    );
    expect(message.text).toBe("\\boxed{23}");
    expect(message.response_metadata.dynscaling.answer).toBe("3");
  });

  it("counts a response whose extractor throws as a failed sample", async () => {
    const extractor = (text: string): string => {
      if (text === "?") throw new TypeError("not like this");
      return text;
    };
    const model = new FakeListChatModel({ responses: ["?", "yes", "yes", "no"] });
    const scaled = new DynScaling({ model, extractor, ...smallBudget });
    const message = await scaled.invoke("Why?");
    expect(message.text).toBe("yes");
    expect(message.response_metadata.dynscaling).toMatchObject({ failedSamples: 1, unparsedSamples: 0 });
    const broken = new DynScaling({ model: new FakeListChatModel({ responses: ["?"] }), extractor });
    await expect(broken.invoke("Why?")).rejects.toThrow("not like this");
  });

  it("asks with the user's own chain prompt", async () => {
    const prompt = {
      name: "mine",
      thought: PromptTemplate.fromTemplate("[{number}/{fence}] {text}"),
      turns: ChatPromptTemplate.fromMessages([["human", "{count} before, to {question}:\n{chain}"]]),
    };
    const model = new ScriptedModel(({ index }) => `{${index}}`);
    const scaled = new DynScaling({
      model,
      sampler: integrated({ prompt, thoughtLength: 1 }),
      ...smallBudget,
    });
    await scaled.invoke([new SystemMessage("Be brief."), new HumanMessage("Why?")]);
    const [, , third] = model.calls;
    expect(third?.messages.map((message) => message.getType())).toEqual(["system", "human", "human"]);
    expect(third?.messages[2]?.text).toMatch(/^1 before, to Why\?:\n\[1\/attempt\] \{[01]\}$/);
  });

  it("repeats itself call for call with the same seed, and not with another", async () => {
    const first = await promptsOf({ seed: 11 });
    expect(first).toHaveLength(48);
    expect(await promptsOf({ seed: 11 })).toEqual(first);
    expect(await promptsOf({ seed: 12 })).not.toEqual(first);
  });
});

describe("one batch budget", () => {
  const shared = (): { model: ScriptedModel; scaled: DynScaling } => {
    const model = unsureModel();
    return { model, scaled: new DynScaling({ model, budget: { samplesPerInput: 8 }, unitSamples: 4 }) };
  };
  const inputs = ["sure?", "a?"];

  it.each<[string, (scaled: DynScaling) => Promise<unknown>]>([
    ["a plain batch", (scaled) => scaled.batch(inputs)],
    ["a sequence", (scaled) => scaled.pipe(new StringOutputParser()).batch(inputs)],
    [
      "a nested sequence",
      (scaled) =>
        RunnableLambda.from((x: string) => x)
          .pipe(scaled.pipe(new StringOutputParser()))
          .batch(inputs),
    ],
    ["withConfig", (scaled) => scaled.withConfig({ tags: ["x"] }).batch(inputs)],
    ["withListeners", (scaled) => scaled.withListeners({}).batch(inputs)],
    ["withRetry", (scaled) => scaled.withRetry({ stopAfterAttempt: 2 }).batch(inputs)],
    ["withFallbacks", (scaled) => scaled.withFallbacks([scaled]).batch(inputs)],
    ["RunnableEach", (scaled) => new RunnableEach({ bound: scaled }).invoke(inputs)],
    ["pick", (scaled) => scaled.pick("content").batch(inputs)],
  ])("survives %s", async (_wrapper, run) => {
    const { model, scaled } = shared();
    const result = await run(scaled);
    expect(result).toHaveLength(2);
    expect(model.calls).toHaveLength(16);
    // Apart, each input would get 8.
    expect(model.calls.filter(({ question }) => question === "sure?")).toHaveLength(4);
  });
});
