import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { AIMessage } from "@langchain/core/messages";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import type { ChatResult } from "@langchain/core/outputs";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling } from "../../src/index.js";
import type { Budget, DynScalingFields } from "../../src/index.js";
import { mostConsistent } from "../../src/meaning/index.js";
import { serveFaults } from "../support/faulty_server.js";
import type { Fault, FaultyServer } from "../support/faulty_server.js";
import { serveGemini } from "../support/gemini_server.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer } from "../support/protocol_server.js";

/** What the fault server charges for one answer. */
const WORST = 20;
const FOUR: Budget = { totalOutputTokens: 4 * WORST, maxOutputTokensPerSample: WORST };
const QUICK = { retries: { firstDelayMs: 1, maxDelayMs: 2 } };

const AS_SAID = new RunnableLambda({ func: (said: never): never => said });
const TOOL = { type: "function", function: { name: "f", parameters: {} } };

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
  closing = [];
});

async function faulty(fault: Fault): Promise<FaultyServer> {
  const server = await serveFaults(() => fault);
  closing.push(server.close);
  return server;
}

async function healthy(server: Promise<ProtocolServer>): Promise<ProtocolServer> {
  const running = await server;
  closing.push(running.close);
  return running;
}

/** As in the readme: the client's own retries are not turned off. */
function clientOf(
  baseURL: string,
  fields: ConstructorParameters<typeof ChatOpenAI>[0] & object = {},
): ChatOpenAI {
  return new ChatOpenAI({
    model: "gpt-test",
    apiKey: "no-key",
    maxTokens: WORST,
    configuration: { baseURL },
    ...fields,
  });
}

/** Asks one question until nothing is left of the budget. */
async function allOf(model: DynScalingFields["model"], server: FaultyServer): Promise<object> {
  const scaled = new DynScaling({ model, budget: FOUR, unitSamples: 4, ...QUICK });
  const [record] = await scaled.solve(["q"]);
  expect(record?.error).not.toBeNull();
  const { reserved } = record?.budget ?? {};
  return {
    reserved: reserved?.outputTokens,
    charged: server.charged.outputTokens,
    requests: server.requests(),
  };
}

const WITHIN = { reserved: 4 * WORST, charged: 4 * WORST, requests: 4 };

describe("a client that repeats calls by itself", () => {
  it("sends one request a call, so that a limit in tokens holds on the side of the service", async () => {
    const server = await faulty("reset in the body");
    const model = clientOf(server.url);
    expect(await allOf(model, server)).toEqual(WITHIN);
    expect(model.caller).toMatchObject({ maxRetries: 6 });
  });

  it.each<[string, (url: string) => DynScalingFields["model"]]>([
    ["streams", (url) => clientOf(url, { streaming: true })],
    ["has settings bound", (url) => clientOf(url).withConfig({ stop: ["x"] })],
    ["has a tool bound", (url) => clientOf(url).bindTools([TOOL])],
    ["stands in a sequence", (url) => RunnableSequence.from([AS_SAID, clientOf(url)]) as never],
    ["is repeated by withRetry()", (url) => clientOf(url).withRetry({ stopAfterAttempt: 3 }) as never],
  ])("that %s does so, too", async (_what, model) => {
    const server = await faulty("reset in the body");
    expect(await allOf(model(server.url), server)).toEqual(WITHIN);
  });

  it("does so where it is asked for objects", async () => {
    const server = await faulty("reset in the body");
    const scaled = new DynScaling({ model: clientOf(server.url), budget: FOUR, unitSamples: 4, ...QUICK });
    const objects = scaled.withStructuredOutput(z.object({ answer: z.string() }));
    await expect(objects.invoke("q")).rejects.toThrow("terminated");
    expect([server.requests(), server.charged.outputTokens]).toEqual([4, 4 * WORST]);
  });

  it("does so where it groups responses by meaning", async () => {
    const server = await faulty("reset in the body");
    const model = new ScriptedModel(({ index }) => `Answer ${index}`);
    const grouping = mostConsistent({ model: clientOf(server.url) });
    const budget = { totalOutputTokens: 100, maxOutputTokensPerSample: 10 };
    const scaled = new DynScaling({ model, grouping, budget, unitSamples: 4, ...QUICK });
    const [record] = await scaled.solve(["q"]);
    expect(server.requests()).toBeGreaterThan(0);
    expect(record?.grouping?.failedCalls).toBe(server.requests());
  });

  it("tells at once that the service asks to slow down, so that everybody does", async () => {
    const server = await faulty("429 with retry-after");
    const scaled = new DynScaling({
      model: clientOf(server.url),
      budget: { totalSamples: 4 },
      unitSamples: 4,
      retries: { maxRetries: 0 },
    });
    await scaled.solve(["q"]);
    expect(server.requests()).toBe(4);
  });

  it("of Google does so, too", async () => {
    const server = await healthy(serveGemini(() => ({ text: "out of order", status: 500 })));
    const model = new ChatGoogleGenerativeAI({
      model: "gemini-2.5-flash",
      apiKey: "no-key",
      baseUrl: server.url,
    });
    const scaled = new DynScaling({
      model,
      budget: { totalSamples: 4 },
      unitSamples: 4,
      retries: { maxRetries: 0 },
    });
    await scaled.solve(["q"]);
    expect(server.requests).toHaveLength(4);
    expect(model.caller).toMatchObject({ maxRetries: 6 });
  });

  it("answers as it did, and is the same in a trace", async () => {
    const server = await healthy(serveOpenAI(() => "\\boxed{1}"));
    const model = clientOf(`${server.url}/v1`, { n: 2 });
    const serialized: unknown[] = [];
    const callbacks = [{ handleChatModelStart: (shown: unknown) => void serialized.push(shown) }];
    const [message] = await new DynScaling({ model, budget: { totalSamples: 4 }, unitSamples: 4 }).batch(
      ["q"],
      { callbacks },
    );
    expect((message as AIMessage).text).toBe("\\boxed{1}");
    expect(serialized).toEqual(
      [model.toJSON(), model.toJSON()].map((each) => JSON.parse(JSON.stringify(each)) as unknown),
    );
  });
});

/** Counts on itself, and repeats through LangChain's caller. */
class CountingModel extends BaseChatModel {
  requests = 0;
  calls = 0;

  override _llmType(): string {
    return "counting";
  }

  override async _generate(): Promise<ChatResult> {
    this.calls += 1;
    return this.caller.call(() => {
      this.requests += 1;
      return Promise.reject(Object.assign(new Error("out of order"), { status: 500 }));
    });
  }
}

/** The same, with a private field. */
class PrivateModel extends CountingModel {
  readonly #secret: string = "private";

  override async _generate(): Promise<ChatResult> {
    if (this.#secret === "") throw new Error("no secret");
    return super._generate();
  }
}

describe("a chat model of one's own that repeats calls through LangChain's caller", () => {
  const fields = { budget: { totalSamples: 4 }, unitSamples: 4, retries: { maxRetries: 0 } };

  it("sends one request a call, and what it writes down arrives at the user's object", async () => {
    const model = new CountingModel({ maxRetries: 1 });
    await new DynScaling({ model, ...fields }).solve(["q"]);
    expect([model.calls, model.requests]).toEqual([4, 4]);
  });

  it("is left as it is where its class has private fields: nothing can stand in for it", async () => {
    const model = new PrivateModel({ maxRetries: 1 });
    const [record] = await new DynScaling({ model, ...fields }).solve(["q"]);
    expect(record?.error?.message).toBe("out of order");
    expect([model.calls, model.requests]).toEqual([4, 8]);
  });
});
