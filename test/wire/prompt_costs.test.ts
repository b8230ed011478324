import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { InputRecord } from "../../src/index.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer } from "../support/protocol_server.js";
import { openAIClient } from "./clients.js";

const prices = { inputUsdPerMillionTokens: 5, outputUsdPerMillionTokens: 25 };
const LIMIT = 0.5;

let server: ProtocolServer;
afterEach(() => server.close());

/** Solves under a limit in dollars, with a service that counts prompts its own way. */
async function solve(messages: BaseMessage[], input: (body: string) => number): Promise<InputRecord> {
  server = await serveOpenAI(({ body }) => ({
    text: "\\boxed{1}",
    usage: { input: input(JSON.stringify(body)), output: 10 },
  }));
  const model = openAIClient(server, { maxTokens: 100 });
  const scaled = new DynScaling({ model, unitSamples: 1, budget: { totalCostUsd: LIMIT, prices } });
  const [record] = await scaled.solve([messages]);
  expect(server.refusals).toEqual([]);
  return record as InputRecord;
}

describe("the worst case of a prompt", () => {
  it("holds the calls of tools that earlier turns made, so that a limit in dollars holds", async () => {
    const args = { text: "x".repeat(90_000) };
    const history = [
      new HumanMessage("Write the file"),
      new AIMessage({ content: "", tool_calls: [{ id: "1", name: "write", args, type: "tool_call" }] }),
      new ToolMessage({ tool_call_id: "1", content: "done" }),
      new HumanMessage("Is it right?"),
    ];
    const { budget } = await solve(history, (body) => Math.ceil(body.length / 3));
    expect(server.requests.length).toBeGreaterThan(0);
    expect(budget.spent.costUsd).toBeLessThanOrEqual(LIMIT);
    expect(budget.excess).toEqual({ inputTokens: 0, outputTokens: 0 });
  });

  it("of an image is what the service has told of the same messages, if that is more", async () => {
    const content = [
      { type: "image_url", image_url: { url: "https://example.test/y.png" } },
      { type: "text", text: "What is it?" },
    ];
    const { budget, responses } = await solve([new HumanMessage({ content })], () => 36_000);
    expect(responses.length).toBe(2);
    expect(budget.spent.costUsd).toBeLessThanOrEqual(LIMIT);
    expect(budget.excess.inputTokens).toBe(36_000 - (responses[0]?.worstCase?.inputTokens ?? 0));
  });
});
