import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { InMemoryStore } from "@langchain/core/stores";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import { messagesHash, modelHash } from "../../src/langchain/journal_keys.js";
import type { ChatLike } from "../../src/langchain/model.js";
import { ScriptedModel } from "../support/scripted_model.js";

const openai = (fields: object = {}): ChatOpenAI =>
  new ChatOpenAI({ model: "gpt-4.1", apiKey: "k", ...fields });
const gemini = (fields: object = {}): ChatGoogleGenerativeAI =>
  new ChatGoogleGenerativeAI({ model: "gemini-2.5-flash", apiKey: "k", ...fields });

class Told extends ScriptedModel {
  readonly #temperature: number;

  constructor(temperature: number) {
    super();
    this.#temperature = temperature;
  }

  override _identifyingParams(): Record<string, unknown> {
    return { temperature: this.#temperature };
  }
}

const prompted = (system: string): ChatLike =>
  ChatPromptTemplate.fromMessages([
    ["system", system],
    ["placeholder", "{said}"],
  ]).pipe(openai()) as never;
const after = (func: (said: never) => unknown): ChatLike =>
  RunnableSequence.from([new RunnableLambda({ func }), openai()] as never) as never;

describe("the journal's key of a model", () => {
  it.each<[string, ChatLike, ChatLike]>([
    ["address", openai(), openai({ configuration: { baseURL: "http://elsewhere.test" } })],
    ["reasoning effort", openai({ reasoning: { effort: "low" } }), openai({ reasoning: { effort: "high" } })],
    ["extra setting", openai(), openai({ modelKwargs: { top_k: 5 } })],
    [
      "safety setting",
      gemini(),
      gemini({ safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }] }),
    ],
    ["version of the service", gemini(), gemini({ apiVersion: "v1" })],
    ["place of the system prompt", gemini(), gemini({ convertSystemMessageToHumanContent: true })],
    ["setting that it tells as identifying alone", new Told(0), new Told(1)],
    ["system prompt in front of it", prompted("Be brief."), prompted("Think for long.")],
    ["function in front of it", after((said) => ["a", said]), after((said) => ["b", said])],
    [
      "fallback",
      openai().withFallbacks([gemini()]) as never,
      openai().withFallbacks([gemini({ topK: 3 })]) as never,
    ],
  ])("is another for another %s", (_what, one, other) => {
    expect(modelHash(one)).not.toBe(modelHash(other));
  });

  it.each<[string, ChatLike, ChatLike]>([
    ["key", openai(), openai({ apiKey: "another", configuration: { apiKey: "a third" } })],
    ["header", openai(), openai({ configuration: { defaultHeaders: { authorization: "Bearer x" } } })],
    ["number of retries and time limit", openai(), openai({ maxRetries: 1, timeout: 5 })],
    [
      "seed, and whether it streams",
      openai({ seed: 1 }),
      openai({ seed: 2, streaming: true, modelKwargs: {} }),
    ],
    ["object of the same settings", prompted("Be brief."), prompted("Be brief.")],
    [
      "listener",
      openai(),
      openai({ callbacks: [{ handleLLMStart: () => {} }], tags: ["a"], metadata: { b: 1 } }),
    ],
  ])("is the same for another %s", (_what, one, other) => {
    expect(modelHash(one)).toBe(modelHash(other));
  });

  it("holds while the model works", async () => {
    const model = new ScriptedModel(() => new AIMessage("\\boxed{1}"));
    const before = modelHash(model);
    await model.invoke("q");
    expect(modelHash(model)).toBe(before);
  });
});

describe("the journal's key of a question", () => {
  const of = (data: unknown): string => messagesHash([new HumanMessage({ content: [{ type: "x", data }] })]);

  it.each<[string, unknown, unknown]>([
    ["Map", new Map([[1, 2]]), new Map([[1, 3]])],
    ["Set", new Set([1]), new Set([2])],
    ["array of bytes", new Uint8Array([1]), new Uint8Array([2])],
    ["buffer", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    ["URL", new URL("http://a.test"), new URL("http://b.test")],
  ])("tells the contents of a %s apart", (_what, one, other) => {
    expect(of(one)).not.toBe(of(other));
    expect(of(one)).toBe(of(copyOf(one)));
  });

  it("refuses a Blob, which cannot be read in time, before anything is spent", async () => {
    const model = new ScriptedModel();
    const scaled = new DynScaling({ model, journal: new InMemoryStore() });
    const content = [{ type: "x", data: new Blob(["a"]) }];
    await expect(scaled.invoke([new HumanMessage({ content })])).rejects.toThrow("a message with a Blob");
    expect(model.calls).toHaveLength(0);
  });
});

/** An equal value that is another object. */
function copyOf(value: unknown): unknown {
  return value instanceof URL ? new URL(value) : structuredClone(value);
}
