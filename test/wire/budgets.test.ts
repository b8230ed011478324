import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { Budget, BudgetReport, InputRecord } from "../../src/index.js";
import { randomStreams } from "../../src/core/random.js";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelReply, ProtocolServer, Respond } from "../support/protocol_server.js";
import { geminiClient, openAIClient } from "./clients.js";

const servers: ProtocolServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const prices = { inputUsdPerMillionTokens: 2, outputUsdPerMillionTokens: 8 };
const MOST = 60;

/** A provider that keeps books of its own. */
interface Books {
  respond: Respond;
  charged: { calls: number; inputTokens: number; outputTokens: number; costUsd: number };
}

/** Charges for every response, for one that breaks off on its way too. */
function books(seed: number, faults: number): Books {
  const random = randomStreams(seed)();
  const charged = { calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  const respond: Respond = ({ turns }) => {
    const kind = random();
    if (kind < faults / 2) return { status: 500, text: "out of order" };
    const bytes = turns.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    const usage = { input: Math.ceil(bytes / 4) + 4, output: 1 + Math.floor(random() * MOST) };
    charged.calls += 1;
    charged.inputTokens += usage.input;
    charged.outputTokens += usage.output;
    charged.costUsd +=
      (usage.input * prices.inputUsdPerMillionTokens + usage.output * prices.outputUsdPerMillionTokens) / 1e6;
    if (kind < faults) return { text: "", broken: true };
    return { text: `\\boxed{${Math.floor(random() * 4)}}`, usage };
  };
  return { respond, charged };
}

const inputs = Array.from({ length: 6 }, (_, place) => `What is ${place} + ${place}?`);

const limits: [string, Budget, keyof Books["charged"], number][] = [
  ["output tokens", { totalOutputTokens: 2400 }, "outputTokens", 2400],
  ["dollars", { totalCostUsd: 0.02, prices }, "costUsd", 0.02],
  ["samples", { totalSamples: 40 }, "calls", 40],
  ["all three", { totalSamples: 60, totalOutputTokens: 2000, totalCostUsd: 0.015, prices }, "costUsd", 0.015],
];

describe.each([
  ["ChatOpenAI", 1],
  ["ChatOpenAI", 64],
  ["ChatGoogleGenerativeAI", 1],
  ["ChatGoogleGenerativeAI", 64],
] as const)("a hard budget over the wire of %s with %i calls in flight", (client, maxConcurrency) => {
  it.each(limits)(
    "in %s is not exceeded by what the provider charges, faults included",
    async (_name, budget, unit, limit) => {
      for (const [seed, faults] of [
        [1, 0],
        [2, 0.15],
      ] as const) {
        const { respond, charged } = books(seed, unit === "calls" ? 0 : faults);
        const server = await (client === "ChatOpenAI" ? serveOpenAI(respond) : serveGemini(respond));
        servers.push(server);
        const model =
          client === "ChatOpenAI"
            ? openAIClient(server, { maxTokens: MOST })
            : geminiClient(server, { maxOutputTokens: MOST });
        const scaled = new DynScaling({ model, budget, unitSamples: 4, retries: { firstDelayMs: 1 } });
        const records = await scaled.solve(inputs, { maxConcurrency });
        expect(charged[unit]).toBeLessThanOrEqual(limit * (1 + 1e-9));
        expect(charged[unit]).toBeGreaterThan(limit * 0.5);
        const { spent, reserved, excess } = (records[0] as InputRecord).budget as BudgetReport;
        expect(excess).toEqual({ inputTokens: 0, outputTokens: 0 });
        expect(spent.outputTokens + reserved.outputTokens).toBeGreaterThanOrEqual(charged.outputTokens);
        const known = faults === 0 ? { samples: charged.calls, outputTokens: charged.outputTokens } : {};
        expect(spent).toMatchObject(known);
        expect(records.every(({ answer }) => answer !== null)).toBe(true);
      }
    },
  );
});

describe("a provider that returns more than it was asked for", () => {
  it("is reported, per batch and per input, and nothing more is sent", async () => {
    const greedy: ModelReply = { text: "\\boxed{1}", usage: { input: 10, output: 5 * MOST } };
    const server = await serveOpenAI(() => greedy);
    servers.push(server);
    const budget = { totalOutputTokens: 10 * MOST };
    const scaled = new DynScaling({
      model: openAIClient(server, { maxTokens: MOST }),
      budget,
      unitSamples: 2,
    });
    const [record] = await scaled.solve(["Why?"]);
    expect(server.requests).toHaveLength(2);
    expect(record?.budget.excess.outputTokens).toBe(8 * MOST);
    expect(record?.excessOutputTokens).toBe(8 * MOST);
    expect(record?.stopReason).toBe("outputTokens");
  });
});

describe("a model of unknown output limit", () => {
  it("is asked once, alone, before the others: its answer tells what to expect", async () => {
    const server = await serveOpenAI(() => ({ text: "\\boxed{1}", usage: { input: 10, output: 20 } }));
    servers.push(server);
    const scaled = new DynScaling({ model: openAIClient(server), budget: { totalOutputTokens: 1000 } });
    const [record] = await scaled.solve(["Why?"]);
    expect(record?.budget.spent.outputTokens).toBeLessThanOrEqual(1000);
    expect(server.requests.length).toBeGreaterThan(45);
  });

  it("spends no whole budget on responses that are far longer than the first", async () => {
    const replies = [5, ...Array.from({ length: 99 }, () => 400)];
    const server = await serveOpenAI(({ index }) => ({
      text: "\\boxed{1}",
      usage: { input: 10, output: replies[index] ?? 400 },
    }));
    servers.push(server);
    const scaled = new DynScaling({ model: openAIClient(server), budget: { totalOutputTokens: 1000 } });
    const [record] = await scaled.solve(Array.from({ length: 100 }, (_, n) => `q${n}`));
    expect(record?.budget.spent.outputTokens).toBe(405);
  });
});

describe("estimate()", () => {
  it("says what a batch will at most spend, and calls nothing", async () => {
    const server = await serveOpenAI(() => "\\boxed{1}");
    servers.push(server);
    const model = openAIClient(server, { maxTokens: 100 });
    const estimate = (budget: Budget): object => new DynScaling({ model, budget }).estimate(["a?", "b?"]);
    expect(estimate({ samplesPerInput: 8 })).toEqual({
      inputs: 2,
      samples: 16,
      outputTokens: 1600,
      outputCostUsd: null,
      costUsd: null,
    });
    expect(estimate({ samplesPerInput: 8, totalCostUsd: 0.01, prices })).toEqual({
      inputs: 2,
      samples: 16,
      outputTokens: 1250,
      outputCostUsd: 0.01,
      costUsd: 0.01,
    });
    expect(estimate({ totalOutputTokens: 900, prices })).toMatchObject({
      samples: null,
      outputTokens: 900,
      outputCostUsd: 0.0072,
    });
    const unknown = new DynScaling({ model: openAIClient(server), budget: { totalCostUsd: 0.01, prices } });
    expect(unknown.estimate(["a?"])).toMatchObject({
      outputTokens: null,
      outputCostUsd: null,
      costUsd: null,
    });
    expect(() => estimate({ totalSamples: 1 })).toThrow("budget.totalSamples");
    expect(server.requests).toEqual([]);
  });
});
