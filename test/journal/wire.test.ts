import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { InMemoryStore } from "@langchain/core/stores";
import { ChatOpenAI } from "@langchain/openai";
import type { ChatOpenAIFields } from "@langchain/openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { InputRecord } from "../../src/index.js";
import type { ChatLike } from "../../src/index.js";
import { modelHash } from "../../src/langchain/journal_keys.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer } from "../support/protocol_server.js";

const KEY = "sk-a-key-that-nobody-may-see";

let server: ProtocolServer;
let store: InMemoryStore<Uint8Array>;

beforeEach(async () => {
  store = new InMemoryStore();
  server = await serveOpenAI(({ index, choices }) =>
    Array.from(
      { length: choices },
      (_, choice) => `Attempt ${index}.${choice}: the answer is ${choice % 2}.`,
    ),
  );
});

afterEach(() => server.close());

function newModel(fields: Partial<ChatOpenAIFields> = {}): ChatOpenAI {
  const defaultHeaders = { "x-secret-header": "hidden" };
  return new ChatOpenAI({
    model: "gpt-4.1-mini",
    apiKey: KEY,
    configuration: { baseURL: `${server.url}/v1`, defaultHeaders },
    ...fields,
  });
}

async function solve(model: ChatLike): Promise<InputRecord> {
  const scaled = new DynScaling({ model, journal: store, budget: { totalSamples: 8 } });
  const [record] = await scaled.solve(["What is my secret?"]);
  return record as InputRecord;
}

async function entries(): Promise<string[]> {
  const found: string[] = [];
  for await (const key of store.yieldKeys()) {
    found.push(key + new TextDecoder().decode((await store.mget([key]))[0]));
  }
  return found;
}

describe("a journal of ChatOpenAI", () => {
  it("keeps all responses to one request together, and counts its tokens once on replay too", async () => {
    const first = await solve(newModel({ n: 4 }));
    expect(server.requests).toHaveLength(2);
    expect(await entries()).toHaveLength(2);
    const second = await solve(newModel({ n: 4 }));
    expect(server.requests).toHaveLength(2);
    expect(second.replayedSamples).toBe(8);
    expect(second.responses.map(({ text, usage }) => [text, usage])).toEqual(
      first.responses.map(({ text, usage }) => [text, usage]),
    );
    expect(second.message?.usage_metadata).toEqual(first.message?.usage_metadata);
    expect(second.message?.content).toBe(first.message?.content);
    const { dynscaling: _first, ...before } = first.message?.response_metadata ?? {};
    const { dynscaling: _second, ...after } = second.message?.response_metadata ?? {};
    expect(after).toEqual(before);
  });

  it("holds no key, no header and no word of the question", async () => {
    await solve(newModel());
    const text = (await entries()).join("\n");
    expect(text).toContain("the answer is");
    for (const secret of [KEY, "hidden", "secret", "authorization"]) expect(text).not.toContain(secret);
  });

  it("goes on under another key, other headers and another time limit", async () => {
    await solve(newModel());
    const record = await solve(newModel({ apiKey: "another", timeout: 1000, maxRetries: 1 }));
    expect(record.replayedSamples).toBe(8);
    const { baseURL = "" } = newModel().clientConfig;
    const configuration = { baseURL, defaultHeaders: { "x-trace": "7" } };
    expect(modelHash(newModel({ configuration }))).toBe(modelHash(newModel()));
  });

  it.each([
    ["model", { model: "gpt-4.1" }],
    ["temperature", { temperature: 0.3 }],
    ["output limit", { maxTokens: 100 }],
  ])("starts afresh for another %s", async (_what, fields) => {
    await solve(newModel());
    expect((await solve(newModel(fields))).replayedSamples).toBe(0);
    expect(server.requests).toHaveLength(16);
  });

  it("tells apart what is bound to a model, and what stands behind it", () => {
    const plain = newModel();
    const models: ChatLike[] = [
      plain,
      plain.withConfig({ stop: ["x"] }),
      plain.bindTools([{ type: "function", function: { name: "f", parameters: {} } }]),
      plain.withFallbacks([newModel({ model: "gpt-4.1" })]),
      new ChatGoogleGenerativeAI({ model: "gemini-2.5-flash", apiKey: KEY }),
      new ChatGoogleGenerativeAI({ model: "gemini-2.5-pro", apiKey: KEY }),
      new ChatGoogleGenerativeAI({ model: "gemini-2.5-pro", apiKey: KEY, temperature: 0.2 }),
    ];
    expect(new Set(models.map(modelHash)).size).toBe(models.length);
    const named = plain.withConfig({ stop: ["x"], runName: "mine", tags: ["a"], callbacks: [] });
    expect(modelHash(named)).toBe(modelHash(plain.withConfig({ stop: ["x"] })));
  });
});
