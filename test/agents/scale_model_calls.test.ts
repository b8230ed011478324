import { MemorySaver } from "@langchain/langgraph";
import { AIMessage, ToolMessage, createAgent, toolStrategy } from "langchain";
import type { BaseMessage } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { scaleModelCalls } from "../../src/agents/index.js";
import type { ModelCall } from "../../src/agents/index.js";
import { DynScaling } from "../../src/index.js";
import type { DynScalingMetadata } from "../../src/index.js";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer, Respond } from "../support/protocol_server.js";
import { geminiClient, openAIClient } from "../wire/clients.js";
import { choosing, isAfterTool, linesOf, lookup, torn } from "./weather_agent.js";

let server: ProtocolServer;

afterEach(() => server.close());

const asked = { messages: [{ role: "user" as const, content: "How is Paris?" }] };
const choosesTool = ({ messages }: ModelCall): boolean => !ToolMessage.isInstance(messages.at(-1));

async function openAI(respond: Respond): Promise<ReturnType<typeof openAIClient>> {
  server = await serveOpenAI(respond);
  return openAIClient(server, { maxTokens: 10 });
}

/** The record of every scaled call of a run. */
function recordsOf({ messages }: { messages: BaseMessage[] }): DynScalingMetadata[] {
  return messages.flatMap(({ response_metadata }) => {
    const { dynscaling } = (response_metadata ?? {}) as { dynscaling?: DynScalingMetadata };
    return dynscaling ?? [];
  });
}

describe("an agent whose tool choice is scaled", () => {
  it("executes what most samples call, once, and answers with a single call", async () => {
    const model = await openAI(choosing(["Rome", "Paris", "Paris"]));
    const executed: string[] = [];
    const agent = createAgent({
      model,
      tools: [lookup(executed)],
      systemPrompt: "Be brief.",
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          when: choosesTool,
          perRun: { unitSamples: 6, maxSamplesPerInput: 6 },
        }),
      ],
    });
    const ended = await agent.invoke(asked);
    expect(linesOf(ended)).toEqual([
      "human: How is Paris?",
      "ai: ",
      "tool: Sunny in Paris",
      "ai: It is sunny.",
    ]);
    expect(executed).toEqual(["Paris"]);
    expect(server.refusals).toEqual([]);
    expect(server.requests.map(isAfterTool)).toEqual([...Array<boolean>(6).fill(false), true]);
    for (const { body, turns } of server.requests) {
      expect(body["tools"]).toMatchObject([{ type: "function", function: { name: "lookup" } }]);
      expect(turns[0]).toEqual({ role: "system", text: "Be brief." });
    }
    expect(recordsOf(ended)).toMatchObject([
      { answer: 'call lookup({"city":"Paris"})', samples: 6, votes: [{ count: 4 }, { count: 2 }] },
    ]);
  });

  it("does so with Gemini, whose thought signatures come back to it", async () => {
    server = await serveGemini((request) => {
      const city = request.index % 3 === 0 ? "Rome" : "Paris";
      const signature = `proof ${request.index}`;
      return isAfterTool(request)
        ? "It is sunny."
        : { text: "", toolCalls: [{ name: "lookup", args: { city }, signature }] };
    });
    const model = geminiClient(server, { maxOutputTokens: 10 });
    const executed: string[] = [];
    const agent = createAgent({
      // A binding, whose inner model the agent would take.
      model: model.withConfig({ tags: ["mine"] }),
      tools: [lookup(executed)],
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          when: choosesTool,
          perRun: { unitSamples: 6, maxSamplesPerInput: 6 },
        }),
      ],
    });
    const ended = await agent.invoke(asked);
    expect(linesOf(ended).slice(2)).toEqual(["tool: Sunny in Paris", "ai: It is sunny."]);
    expect(executed).toEqual(["Paris"]);
    expect(server.refusals).toEqual([]);
    expect(server.requests).toHaveLength(7);
    expect(JSON.stringify(server.requests.at(-1)?.body["contents"])).toContain(
      '"thoughtSignature":"proof 1"',
    );
  });

  it("shows a listener of its messages the winning ones alone", async () => {
    const model = await openAI(choosing(["Rome", "Paris", "Paris"]));
    const agent = createAgent({
      model,
      tools: [lookup([])],
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          when: choosesTool,
          perRun: { maxSamplesPerInput: 3, unitSamples: 3 },
        }),
      ],
    });
    const called: unknown[] = [];
    for await (const [message] of await agent.stream(asked, { streamMode: "messages" }))
      if (AIMessage.isInstance(message)) called.push(...(message.tool_calls ?? []).map(({ args }) => args));
    expect(called).toEqual([{ city: "Paris" }]);
  });

  it("lets structured output by tools vote too", async () => {
    const model = await openAI(({ index }) => ({
      text: "",
      toolCalls: [{ name: "extract-1", args: { degrees: [20, 21, 21][index % 3] } }],
    }));
    const agent = createAgent({
      model,
      tools: [],
      responseFormat: toolStrategy(z.object({ degrees: z.number() })),
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          perRun: { maxSamplesPerInput: 3, unitSamples: 3 },
        }),
      ],
    });
    const name = /"name":"(extract-\d+)"/;
    const { structuredResponse } = await agent.invoke(asked);
    expect(name.exec(JSON.stringify(server.requests[0]?.body))?.[1]).toBe("extract-1");
    expect(structuredResponse).toEqual({ degrees: 21 });
  });
});

describe("the budget of a run", () => {
  it("is one for all its scaled calls, and when it is used up they are single calls", async () => {
    const model = await openAI(torn);
    const agent = createAgent({
      model,
      tools: [lookup([])],
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          perRun: { maxSamplesPerInput: 4, totalSamples: 6 },
        }),
      ],
    });
    const ended = await agent.invoke(asked);
    expect(recordsOf(ended).map(({ samples }) => samples)).toEqual([4, 2]);
    // The third choice and the answer are calls of the agent's own.
    expect(server.requests).toHaveLength(4 + 2 + 1 + 1);
    expect(ended.messages.at(-1)?.text).toBe("Done.");
  });

  it("holds in output tokens", async () => {
    const model = await openAI(torn);
    const agent = createAgent({
      model,
      tools: [lookup([])],
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          // 5 tokens a call and 10 at worst: after four, a fifth would still fit; after five, none.
          perRun: { maxSamplesPerInput: 4, totalOutputTokens: 31 },
        }),
      ],
    });
    const ended = await agent.invoke(asked);
    const spent = recordsOf(ended).map(({ outputTokens }) => outputTokens);
    expect(spent).toEqual([20, 5]);
  });

  it("is new for every run: side by side, and for the next question of a thread", async () => {
    const model = await openAI(torn);
    const agent = createAgent({
      model,
      tools: [lookup([])],
      checkpointer: new MemorySaver(),
      middleware: [
        scaleModelCalls({
          scaled: new DynScaling({ model }),
          perRun: { maxSamplesPerInput: 4, totalSamples: 4 },
        }),
      ],
    });
    const thread = (thread_id: string): object => ({ configurable: { thread_id } });
    const both = await Promise.all([agent.invoke(asked, thread("1")), agent.invoke(asked, thread("2"))]);
    for (const ended of both) expect(recordsOf(ended).map(({ samples }) => samples)).toEqual([4]);
    const later = await agent.invoke(asked, thread("1"));
    expect(recordsOf(later).map(({ samples }) => samples)).toEqual([4, 4]);
  });
});

describe("options of scaleModelCalls", () => {
  it.each([
    ["no DynScaling", {}, /^scaleModelCalls\.scaled/],
    ["an unknown option", { model: 1 }, /^scaleModelCalls\.model/],
    ["a predicate that is none", { when: true }, /^scaleModelCalls\.when/],
    ["a name that is none", { name: "" }, /^scaleModelCalls\.name/],
    ["a total of none", { perRun: { totalSamples: 0 } }, /totalSamples/],
    ["a budget that is unknown", { perRun: { samples: 3 } }, /^shared\.samples/],
  ])("refuse %s before anything is spent", async (what, fields, message) => {
    const scaled = new DynScaling({ model: await openAI(() => "Hello.") });
    const options = what === "no DynScaling" ? fields : { scaled, ...fields };
    expect(() => scaleModelCalls(options as Parameters<typeof scaleModelCalls>[0])).toThrow(message);
    expect(server.requests).toEqual([]);
  });
});
