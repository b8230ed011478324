import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { readGold } from "../../src/evaluation/gold.js";
import { finalAnswer, toolCalls } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import type { AnswerExtractor } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const cutOff = { finish_reason: "length" };
const search = { name: "search", args: { query: "a" }, id: "1" };

const said = [
  new AIMessage("The answer is 19"),
  new AIMessage({ content: "Let me see: 12 + 7 is", response_metadata: cutOff }),
  new AIMessage({ content: "\\boxed{19}, as", response_metadata: cutOff }),
  new AIMessage({ content: "I look it up.", tool_calls: [search] }),
  new AIMessage('call search({"query":"a"})'),
];

/** What a `DynScaling` counts over all that is said. */
async function votesOf(extractor?: AnswerExtractor): Promise<unknown> {
  const model = new ScriptedModel(({ index }) => said[index % said.length] as AIMessage);
  const budget = { samplesPerInput: said.length };
  const [record] = await new DynScaling({ model, budget, ...(extractor && { extractor }) }).solve(["Why?"]);
  return { votes: record?.votes, unparsed: record?.unparsedSamples };
}

describe("the default extractor", () => {
  it.each<[string, AnswerExtractor]>([
    ["given by name", finalAnswer],
    ["in an extractor of one's own", (text, message) => finalAnswer(text, message)],
    ["in an async one", async (text, message) => finalAnswer(text, message)],
    ["as what toolCalls() reads words with", toolCalls()],
    ["named to toolCalls()", toolCalls({ otherwise: finalAnswer })],
  ])("knows calls and responses that were cut off: %s", async (_where, extractor) => {
    const expected = {
      votes: [
        { answer: "19", count: 2 },
        { answer: 'call search({"query":"a"})', count: 1 },
        { answer: '"call search({\\"query\\":\\"a\\"})"', count: 1 },
      ],
      unparsed: 1,
    };
    expect(await votesOf()).toEqual(expected);
    expect(await votesOf(extractor)).toEqual(expected);
  });

  it("reads a text alone as it stands", () => {
    expect(finalAnswer("Let me see: 12 + 7 is")).toBe("Let me see: 12 + 7 is");
  });
});

describe("a gold answer", () => {
  it.each([
    ["finalAnswer", finalAnswer],
    ["toolCalls()", toolCalls()],
  ])("may be the call of a tool, as %s writes it", async (_name, extractor) => {
    const gold = 'call search({"query":"a"})';
    expect(await readGold(gold, extractor)).toBe(gold);
    expect(extractor("", said[3])).toBe(gold);
  });
});
