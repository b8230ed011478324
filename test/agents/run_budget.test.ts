import { createAgent, modelRetryMiddleware } from "langchain";
import type { AgentMiddleware } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { scaleModelCalls } from "../../src/agents/index.js";
import type { ScaleModelCallsOptions } from "../../src/agents/index.js";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields } from "../../src/index.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer, Respond } from "../support/protocol_server.js";
import { openAIClient } from "../wire/clients.js";
import { lookup, roundOf, torn } from "./weather_agent.js";

let server: ProtocolServer;
afterEach(() => server.close());

const asked = { messages: [{ role: "user" as const, content: "How is Paris?" }] };
/** A dollar a token. */
const prices = { inputUsdPerMillionTokens: 0, outputUsdPerMillionTokens: 1e6 };

interface Run {
  perRun: ScaleModelCallsOptions["perRun"];
  fields?: Partial<DynScalingFields>;
  around?: AgentMiddleware[];
}

/** Runs the agent; every response has 5 tokens, and 10 at most. */
async function ran(respond: Respond, { perRun = {}, fields, around = [] }: Run): Promise<number[]> {
  server = await serveOpenAI(respond);
  const model = openAIClient(server, { maxTokens: 10 });
  const scaled = new DynScaling({ model, retries: { maxRetries: 0 }, ...fields });
  const middleware = [...around, scaleModelCalls({ scaled, perRun: { maxSamplesPerInput: 4, ...perRun } })];
  const ended = await createAgent({ model, tools: [lookup([])], middleware }).invoke(asked);
  expect(ended.messages.at(-1)?.text).toBe("Done.");
  return [0, 1, 2, 3].map((round) => server.requests.filter((request) => roundOf(request) === round).length);
}

/** The first response of some rounds never arrives: it may have been charged. */
function losing(...rounds: number[]): Respond {
  const lost = new Set(rounds);
  return (request) => (lost.delete(roundOf(request)) ? { text: "", broken: true } : torn(request));
}

describe("the budget of a run of an agent", () => {
  // Per sample 5, and 10 where nobody knows. After a choice of four, 11 are left: one more sample.
  const whole = 31;

  it.each([
    ["output tokens", { perRun: { totalOutputTokens: whole } }],
    [
      "dollars",
      {
        perRun: { totalCostUsd: whole },
        fields: { budget: { samplesPerInput: 4, prices, maxOutputTokensPerSample: 10 } },
      },
    ],
  ])("is one for all its calls in %s, and then they are single", async (_name, run) => {
    expect(await ran(torn, run)).toEqual([4, 1, 1, 1]);
  });

  it("counts responses that do not say what they took at their worst case", async () => {
    const silent: Respond = (request) => {
      const said = torn(request);
      return { ...(typeof said === "string" ? { text: said } : said), usage: null };
    };
    // 31 holds three; 1 is left.
    expect(await ran(silent, { perRun: { totalOutputTokens: whole } })).toEqual([3, 1, 1, 1]);
  });

  it("counts what failed calls may have been charged", async () => {
    // The first choice: 10 for what was lost, and three of 5. The second: 10 for what was lost; 9 hold no other.
    expect(await ran(losing(0, 1), { perRun: { totalOutputTokens: 44 } })).toEqual([4, 2, 1, 1]);
  });

  it("that does not hold the prompt of a single sample leaves the call to the agent's own model", async () => {
    const dear = { inputUsdPerMillionTokens: 1e6, outputUsdPerMillionTokens: 1e6 };
    const fields = { budget: { samplesPerInput: 4, prices: dear, maxOutputTokensPerSample: 10 } };
    expect(await ran(torn, { perRun: { totalCostUsd: 12 }, fields })).toEqual([1, 1, 1, 1]);
  });

  it("whose only sample was lost leaves the call to the agent's own model, and is spent", async () => {
    // Sampled and lost, then single; 9 do not hold another sample.
    expect(await ran(losing(0), { perRun: { totalOutputTokens: 19 } })).toEqual([2, 1, 1, 1]);
  });

  it("counts a call that was lost altogether where a middleware further out tries it again", async () => {
    let lost = 0;
    const respond: Respond = (request) => {
      if (roundOf(request) > 0) return "Done.";
      if (lost === 4) return torn(request);
      lost += 1;
      return { text: "", broken: true };
    };
    const around = [modelRetryMiddleware({ maxRetries: 1, initialDelayMs: 1, jitter: false })];
    const rounds = await ran(respond, { perRun: { totalOutputTokens: 60, maxSamplesPerInput: 6 }, around });
    // Four lost at 10 each; of the 20 left three more samples, after which 5 hold no other.
    expect(rounds).toEqual([4 + 3, 1, 0, 0]);
  });
});

describe("two middlewares of one agent", () => {
  it("have names, and budgets of their own", async () => {
    server = await serveOpenAI(torn);
    const model = openAIClient(server, { maxTokens: 10 });
    const scaled = new DynScaling({ model });
    const isEven = ({ state }: { state: { messages: object[] } }): boolean => state.messages.length % 4 === 1;
    const perRun = { maxSamplesPerInput: 4, totalSamples: 5 };
    const middleware = [
      scaleModelCalls({ scaled, perRun, when: isEven }),
      scaleModelCalls({ scaled, perRun, when: (call) => !isEven(call), name: "ScaleOthers" }),
    ];
    await createAgent({ model, tools: [lookup([])], middleware }).invoke(asked);
    const rounds = [0, 1, 2, 3].map(
      (round) => server.requests.filter((request) => roundOf(request) === round).length,
    );
    expect(rounds).toEqual([4, 4, 1, 1]);
  });
});
