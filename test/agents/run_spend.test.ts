import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { note, runOf } from "../../src/agents/run_spend.js";

const amounts = (samples: number) => ({ samples, inputTokens: 0, outputTokens: 0, costUsd: null });

function noted(samples: number): AIMessage {
  const message = new AIMessage("");
  const planned = { samples: null, outputTokens: null, costUsd: null };
  const excess = { inputTokens: 0, outputTokens: 0 };
  note(message, "own", { planned, spent: amounts(samples), reserved: amounts(0), excess });
  return message;
}

const tool = (): ToolMessage => new ToolMessage({ content: "21 degrees", tool_call_id: "1" });

describe("the run of an agent", () => {
  it("goes on where a middleware adds human messages in the middle of it", () => {
    const [asked, nudge] = [new HumanMessage("How is Paris?"), new HumanMessage("Go on.")];
    const messages = [asked, nudge, noted(3), tool(), nudge, noted(2), tool()];
    const { start, spent } = runOf(messages, "own");
    expect(start).toBe(asked);
    expect(spent.map((each) => each.spent.samples)).toEqual([3, 2]);
    expect(runOf(messages, "another").spent).toEqual([]);
  });

  it("begins anew when its user goes on", () => {
    const next = new HumanMessage("And Rome?");
    const { start, spent } = runOf([new HumanMessage("How is Paris?"), noted(3), next, noted(1)], "own");
    expect(start).toBe(next);
    expect(spent.map((each) => each.spent.samples)).toEqual([1]);
  });
});
