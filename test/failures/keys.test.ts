import { InMemoryStore } from "@langchain/core/stores";
import type { ChatOpenAI } from "@langchain/openai";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { ChatLike } from "../../src/langchain/model.js";
import { hideSecrets, secretsOf } from "../../src/langchain/secrets.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer } from "../support/protocol_server.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { geminiClient, openAIClient } from "../wire/clients.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

/** Looks like no key of any provider. */
const KEY = "9f8e7d6c5b4a-secret-of-a-proxy";

/** All that a batch says of a model that fails: its error to the depths, its traces, its journal. */
async function saidOf(model: ChatLike): Promise<string> {
  const journal = new InMemoryStore<Uint8Array>();
  const said: string[] = [];
  const listen = (error: unknown): void => void said.push(inspect(error, { depth: 10, showHidden: true }));
  const callbacks = [{ handleLLMError: listen, handleChainError: listen }];
  const scaled = new DynScaling({ model, journal, budget: { totalSamples: 4 }, retries: { maxRetries: 0 } });
  const [record] = await scaled.solve(["q"], { callbacks });
  expect(record?.error).toBeInstanceOf(Error);
  expect(said.length).toBeGreaterThan(1);
  listen(record?.error);
  said.push(JSON.stringify(record));
  for await (const key of journal.yieldKeys())
    said.push(new TextDecoder().decode((await journal.mget([key]))[0]));
  return said.join("\n");
}

describe("the key of a model", () => {
  it.each([401, 400, 500])(
    "that a proxy echoes with status %i stands in no error, result, trace or journal",
    async (status) => {
      server = await serveOpenAI(() => ({ status, text: `Invalid token: ${KEY}; header "Bearer ${KEY}"` }));
      const said = await saidOf(openAIClient(server, { apiKey: KEY }));
      expect(said).toContain("Invalid token: [hidden]");
      expect(said).not.toContain(KEY);
    },
  );

  it.each<[string, () => ChatLike]>([
    ["OpenAI's client", () => openAIClient({ url: `http://127.0.0.1:1/?key=${KEY}` }, { apiKey: KEY })],
    [
      "OpenAI's, no URL at all",
      () => openAIClient({ url: `http://127.0.0.1:99999/${KEY}` }, { apiKey: KEY }),
    ],
    ["Gemini's client", () => geminiClient({ url: `http://127.0.0.1:1/x?key=${KEY}` })],
    [
      "Gemini's, with tools bound",
      () => geminiClient({ url: `http://127.0.0.1:1/${KEY}` }, { apiKey: KEY }).bindTools([]),
    ],
  ])("in a URL that cannot be reached stands in none either: %s", async (_client, open) => {
    expect(await saidOf(open())).not.toContain(KEY);
  });

  it("is hidden where an extractor's own service echoes one that looks like a key", async () => {
    const extractor = async (): Promise<string> => {
      throw new Error("judge failed", { cause: new Error("Bearer abcdefgh12345678 is not valid") });
    };
    const scaled = new DynScaling({ model: new ScriptedModel(), extractor, budget: { totalSamples: 1 } });
    const [record] = await scaled.solve(["q"]);
    expect(record?.error?.cause).toMatchObject({ message: "Bearer [hidden] is not valid" });
  });
});

describe("hiding keys in an error", () => {
  it("changes no object that the client goes on using", () => {
    const headers = { authorization: `Bearer ${KEY}` };
    const config = { headers, list: [KEY] };
    const error = Object.assign(new Error(`no ${KEY}`), { config });
    hideSecrets(error, [KEY]);
    expect(inspect(error, { depth: 5 })).not.toContain(KEY);
    expect(config).toEqual({ headers: { authorization: `Bearer ${KEY}` }, list: [KEY] });
  });

  it.each([
    ["sk-proj-abcdefghijklmnop was refused", "[hidden] was refused"],
    ["AIzaSyA1234567890123456789012 was refused", "[hidden] was refused"],
    ["GET https://a.b/c?api_key=abc123&x=1", "GET https://a.b/c?api_key=[hidden]&x=1"],
    [
      "the key word is missing, and so is the bearer of news",
      "the key word is missing, and so is the bearer of news",
    ],
  ])("knows what looks like one: %s", (text, hidden) => {
    const error = new Error(text);
    hideSecrets(error);
    expect(error.message).toBe(hidden);
    expect(error.stack).not.toContain(text === hidden ? "[hidden]" : text);
  });

  it("ends with errors that go round, and with those that nobody may write", () => {
    const error: Error & { cause?: unknown } = new Error(`no ${KEY}`);
    error.cause = { error };
    hideSecrets(error, [KEY]);
    expect(error.message).toBe("no [hidden]");
    expect(() => hideSecrets(Object.freeze(new Error(KEY)), [KEY])).not.toThrow();
  });

  it("finds the secrets of models inside others, and takes no short word for one", () => {
    const model: ChatOpenAI = openAIClient({ url: "http://127.0.0.1:1" }, { apiKey: KEY });
    expect(secretsOf(model.withFallbacks([openAIClient({ url: "" }, { apiKey: "another-one" })]))).toEqual(
      expect.arrayContaining([KEY, "another-one"]),
    );
    expect(secretsOf(openAIClient({ url: "" }, { apiKey: "no-key" }))).toEqual([]);
  });
});
