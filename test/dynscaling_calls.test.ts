import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../src/index.js";
import { integrated } from "../src/samplers/index.js";
import { ScriptedModel } from "./support/scripted_model.js";

const QUESTIONS = ["q1", "q2", "q3", "q4"];

/** Questions and lengths of the prompts, in the order in which the model was asked. */
async function orderOfCalls(maxConcurrency: number | undefined): Promise<string[]> {
  let lost = 0;
  const model = new ScriptedModel(async ({ index, question, messages }) => {
    for (let wait = (index * 7919) % 20; wait > 0; wait--) await Promise.resolve();
    // One half of a unit fails, so that calls with and without a chain are sent together.
    if (question === "q2" && messages.length === 1 && lost++ < 2) {
      throw Object.assign(new Error("refused"), { status: 400 });
    }
    return `\\boxed{${index % 4}}`;
  });
  const scaled = new DynScaling({ model, unitSamples: 4, seed: 3, budget: { samplesPerInput: 12 } });
  await scaled.batch(QUESTIONS, { ...(maxConcurrency && { maxConcurrency }) }, { returnExceptions: true });
  return model.calls.map(({ question, messages }) => `${question} ${messages.length}`);
}

describe("calls of rounds", () => {
  it.each([1, 2, 4])("are sent in the same order with %i at a time as with all at once", async (limit) => {
    expect(await orderOfCalls(limit)).toEqual(await orderOfCalls(undefined));
  });

  it("that wait when their batch is aborted leave nothing behind that nobody handles", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): unknown => unhandled.push(error);
    process.on("unhandledRejection", note);
    const stop = new AbortController();
    const model = new ScriptedModel(({ messages }) => {
      if (messages.length > 1) stop.abort(new Error("enough"));
      return "\\boxed{1}";
    });
    const countTokens = async (text: string): Promise<number> => {
      await new Promise((settle) => setTimeout(settle, 1));
      if (stop.signal.aborted) throw new Error("nobody counts any more");
      return text.length;
    };
    const scaled = new DynScaling({ model, sampler: integrated({ countTokens, maxThoughtTokens: 10_000 }) });
    await expect(scaled.batch(QUESTIONS, { maxConcurrency: 1, signal: stop.signal })).rejects.toThrow(
      "enough",
    );
    await new Promise((settle) => setTimeout(settle, 20));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});

/** What each call of the chat model was told about itself. */
class MarkedCalls extends BaseCallbackHandler {
  name = "marked";
  readonly marks: unknown[] = [];

  override handleChatModelStart(
    ...[, , , , , , metadata]: Parameters<NonNullable<BaseCallbackHandler["handleChatModelStart"]>>
  ): void {
    this.marks.push(metadata?.["mark"] ?? null);
  }
}

describe("metadata of a call", () => {
  it("are its own, whatever a model writes into them", async () => {
    const inner = new ScriptedModel();
    let calls = 0;
    const model = RunnableLambda.from((messages: BaseMessage[], config: RunnableConfig) => {
      if (calls++ === 0) (config.metadata as Record<string, unknown>)["mark"] = "first";
      return inner.invoke(messages, config);
    });
    const seen = new MarkedCalls();
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 2 } });
    await scaled.batch(["a", "b"], { callbacks: [seen], maxConcurrency: 1 });
    expect(seen.marks).toEqual(["first", null, null, null]);
  });
});
