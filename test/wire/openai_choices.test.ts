import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ChatOpenAI } from "@langchain/openai";
import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";

const USAGE = { prompt_tokens: 1000, completion_tokens: 20, total_tokens: 1020 };

let close: (() => void) | undefined;
afterEach(() => close?.());

/** A service that answers with as many choices as it likes, asked for two. */
async function serve(
  choicesFor: (question: string) => number,
): Promise<{ model: ChatOpenAI; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as {
        messages: [{ content: string }];
      };
      requests.push(messages[0].content);
      const message = { role: "assistant", content: "\\boxed{1}" };
      const choices = Array.from({ length: choicesFor(messages[0].content) }, (_, index) => ({
        index,
        finish_reason: "stop",
        message,
      }));
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(
        JSON.stringify({ id: "x", object: "chat.completion", created: 1, model: "m", choices, usage: USAGE }),
      );
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = new ChatOpenAI({
    model: "m",
    apiKey: "no-key",
    n: 2,
    maxTokens: 10,
    configuration: { baseURL },
  });
  return { model, requests };
}

describe("ChatOpenAI with n: 2 behind a service with a mind of its own", () => {
  it("books a request without a choice as one failed sample with its tokens, gives up, and does not starve the others", async () => {
    const { model, requests } = await serve((question) => (question === "bad" ? 0 : 2));
    const prices = { inputUsdPerMillionTokens: 5, outputUsdPerMillionTokens: 25 };
    const scaled = new DynScaling({ model, unitSamples: 4, budget: { totalCostUsd: 0.3, prices } });
    const [good, bad] = await scaled.solve(["good", "bad"]);
    expect(bad?.error?.message).toContain('finish reason "no choices"');
    expect(bad?.failures).toEqual([{ kind: "unusable", count: bad?.samples }]);
    expect(bad?.samples).toBe(requests.filter((question) => question === "bad").length);
    expect(good?.samples).toBeGreaterThan(4);
    expect(good?.budget.spent.inputTokens).toBe(1000 * requests.length);
    expect(good?.budget.spent.costUsd).toBeCloseTo((requests.length * (1000 * 5 + 20 * 25)) / 1e6, 9);
  });

  it("takes no more samples than it asked for, and tells of the others", async () => {
    const { model, requests } = await serve(() => 5);
    const [record] = await new DynScaling({ model, unitSamples: 4, budget: { totalSamples: 8 } }).solve([
      "q",
    ]);
    expect(requests).toHaveLength(4);
    expect(record?.budget.spent).toMatchObject({ samples: 8, outputTokens: 80 });
    expect(record?.responses).toHaveLength(8);
    expect(record?.responses[0]?.message?.response_metadata).toMatchObject({ surplus_choices: 3 });
  });
});
