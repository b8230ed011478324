import { FakeListChatModel } from "@langchain/core/utils/testing";
import { AIMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it, vi } from "vitest";
import { DynScaling, OptionError } from "../src/index.js";
import type { DynScalingFields } from "../src/index.js";
import { guarded } from "../src/prompts/index.js";
import { integrated } from "../src/samplers/index.js";
import { majorityOf } from "../src/voting/index.js";
import { RunCollector } from "./support/run_collector.js";
import { ScriptedModel } from "./support/scripted_model.js";

const eight = { budget: { samplesPerInput: 8 } };

describe("what could waste a user's money is refused before the first call:", () => {
  const openAI = { model: "gpt-5-mini", apiKey: "k" };
  const wrongTurns = ChatPromptTemplate.fromTemplate("Look at {attempts}");
  it.each<[what: string, fields: () => object, option: string]>([
    [
      "several samples a call, all but one of which are lost behind a retry",
      () => ({ model: new ChatOpenAI({ ...openAI, n: 4 }).withRetry() }),
      "model.n",
    ],
    [
      "a cache behind a fallback",
      () => ({
        model: new FakeListChatModel({ responses: ["1"], cache: true }).withFallbacks([new ScriptedModel()]),
      }),
      "model.cache",
    ],
    [
      "a worst case that the model can exceed",
      () => ({
        model: new ChatOpenAI({ ...openAI, maxTokens: 500 }),
        budget: { totalOutputTokens: 9000, maxOutputTokensPerSample: 100 },
      }),
      "budget.maxOutputTokensPerSample",
    ],
    [
      "a chain template with a variable that nobody fills",
      () => ({
        model: new ScriptedModel(),
        sampler: integrated({ prompt: { ...guarded, turns: wrongTurns } }),
      }),
      "integrated.prompt.turns",
    ],
    [
      "a thought template with one",
      () => ({
        model: new ScriptedModel(),
        sampler: integrated({ prompt: { ...guarded, thought: PromptTemplate.fromTemplate("{answer}") } }),
      }),
      "integrated.prompt.thought",
    ],
    ["a vote that was not made", () => ({ model: new ScriptedModel(), voting: majorityOf }), "voting"],
    ["a seed out of range", () => ({ model: new ScriptedModel(), seed: 2 ** 32 }), "seed"],
    ["a schedule that is none", () => ({ model: new ScriptedModel(), schedule: "fast" }), "schedule"],
  ])("%s", (_what, fields, option) => {
    const construct = (): DynScaling => new DynScaling(fields() as DynScalingFields);
    expect(construct).toThrow(OptionError);
    expect(construct).toThrow(expect.objectContaining({ option }));
  });

  it("and the value of an unknown option, which may be a key, is not shown", () => {
    const fields = { model: new ScriptedModel(), apiKey: "sk-SECRET" } as DynScalingFields;
    expect(() => new DynScaling(fields)).toThrow(/^DynScaling\.apiKey(?!.*SECRET)/);
  });
});

describe("a budget in output tokens", () => {
  it("knows a limit that was bound with withConfig", async () => {
    const model = new ScriptedModel(
      () => new AIMessage({ content: "\\boxed{1}", usage_metadata: usage(500) }),
    );
    const bound = model.withConfig({ maxTokens: 500 } as object);
    const scaled = new DynScaling({ model: bound, budget: { totalOutputTokens: 1700 } });
    const { response_metadata } = await scaled.invoke("Why?");
    expect(response_metadata.dynscaling).toMatchObject({ samples: 3, outputTokens: 1500 });
  });
});

describe("output tokens that do not reach for a unit each", () => {
  it("are shared out evenly, sample by sample", async () => {
    const model = new ScriptedModel(
      () => new AIMessage({ content: "\\boxed{1}", usage_metadata: usage(40) }),
    );
    const budget = { totalOutputTokens: 1300, maxOutputTokensPerSample: 100 };
    const records = await new DynScaling({ model, budget }).solve(["a?", "b?", "c?", "d?", "e?", "f?"]);
    const samples = records.map((record) => record.samples);
    expect(samples.reduce((sum, count) => sum + count, 0)).toBe(31);
    expect(Math.max(...samples) - Math.min(...samples)).toBeLessThanOrEqual(1);
  });
});

function usage(output: number): { input_tokens: number; output_tokens: number; total_tokens: number } {
  return { input_tokens: 1, output_tokens: output, total_tokens: output + 1 };
}

describe("what arrives is read with care:", () => {
  it("an extractor that returns nothing casts no vote", async () => {
    const extractor = (text: string): string => (text.includes("5") ? "5" : (undefined as unknown as string));
    const model = new ScriptedModel(({ index }) => (index === 0 ? "it is 5" : "dunno"));
    const { response_metadata } = await new DynScaling({ model, extractor, ...eight }).invoke("Why?");
    expect(response_metadata.dynscaling).toMatchObject({
      answer: "5",
      votes: [{ answer: "5", count: 1 }],
      unparsedSamples: 7,
    });
    const blank = await new DynScaling({ model, extractor: () => "", ...eight }).invoke("Why?");
    expect(blank.response_metadata.dynscaling).toMatchObject({ answer: null, votes: [], unparsedSamples: 8 });
  });

  it("a response that was cut off is not quoted, and its tokens count", async () => {
    const model = new ScriptedModel(({ index }) => {
      const finish_reason = index < 3 ? "length" : "stop";
      return new AIMessage({ content: `try ${index}: \\boxed{1}`, response_metadata: { finish_reason } });
    });
    const [record] = await new DynScaling({ model, ...eight }).solve(["Why?"]);
    const chains = record?.responses.filter(({ stage }) => stage === "sequential") ?? [];
    expect(chains.map(({ parents }) => parents)).toEqual([[3], [3], [3], [3]]);
    expect(record?.votes).toEqual([{ answer: "1", count: 8 }]);
  });

  it.each([
    { finish_reason: "length" },
    { finish_reason: "content_filter" },
    { finishReason: "SPII" },
    { stopReason: "max_tokens" },
    { done_reason: "length" },
    { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  ])("a response cut off (%o) votes only with an answer it marks", async (ending) => {
    const said = ["Let me see, so the answer is 1", "The answer is 19\nas", "\\boxed{19}, as"];
    const model = new ScriptedModel(({ index }) => {
      const content = said[index % said.length] as string;
      return new AIMessage({ content, response_metadata: ending });
    });
    const { response_metadata } = await new DynScaling({ model, budget: { samplesPerInput: 6 } }).invoke(
      "Why?",
    );
    expect(response_metadata.dynscaling).toMatchObject({
      votes: [{ answer: "19", count: 4 }],
      unparsedSamples: 2,
    });
    // An extractor of one's own hears of it from the message, or is not asked.
    const deaf = new DynScaling({ model, budget: { samplesPerInput: 6 }, extractor: (text) => text });
    expect((await deaf.invoke("Why?")).response_metadata.dynscaling.unparsedSamples).toBe(6);
    const extractor = (text: string, message: AIMessage): string => text + String(message.id ?? "");
    const own = new DynScaling({ model, budget: { samplesPerInput: 6 }, extractor });
    expect((await own.invoke("Why?")).response_metadata.dynscaling.unparsedSamples).toBe(0);
  });

  it("a closing thought tag that is merely mentioned does not hide the text", async () => {
    const model = new ScriptedModel(() => "Close it with </think>");
    const { response_metadata } = await new DynScaling({ model, ...eight }).invoke("Which tag?");
    expect(response_metadata.dynscaling).toMatchObject({
      answer: "Close it with </think>",
      failedSamples: 0,
    });
  });

  it("what is no message says so", async () => {
    const model = RunnableLambda.from(() => "answer: 5") as unknown as DynScalingFields["model"];
    await expect(new DynScaling({ model, ...eight }).invoke("Why?")).rejects.toThrow(
      'The model returned "answer: 5", not a message.',
    );
  });
});

describe("one passing fault", () => {
  it.each([
    ["two samples each", { budget: { samplesPerInput: 2 } }],
    ["units of one", { budget: { samplesPerInput: 6 }, unitSamples: 1 }],
  ])("costs a sample, not the question: %s", async (_what, fields) => {
    const model = new ScriptedModel(({ index }) => (index === 0 ? new Error("503") : "\\boxed{1}"));
    const messages = await new DynScaling({ model, ...fields }).batch(["a?", "b?"]);
    expect(messages.map(({ text }) => text)).toEqual(["\\boxed{1}", "\\boxed{1}"]);
    expect(messages[0]?.response_metadata.dynscaling.failedSamples).toBe(1);
  });
});

describe("an abort", () => {
  it("between two waves rejects, and never resolves to an error", async () => {
    const stop = new AbortController();
    const aborter = { handleCustomEvent: () => stop.abort(new Error("stop now")), awaitHandlers: true };
    const scaled = new DynScaling({ model: new ScriptedModel(), budget: { samplesPerInput: 16 } });
    const batch = scaled.batch(["a?", "b?"], { signal: stop.signal, callbacks: [aborter] });
    await expect(batch).rejects.toThrow("stop now");
  });

  it("ends an extractor that never answers", async () => {
    const stop = new AbortController();
    const extractor = (): Promise<string> => {
      setTimeout(() => stop.abort(new Error("enough")), 5);
      return new Promise(() => {});
    };
    const scaled = new DynScaling({ model: new ScriptedModel(), extractor, ...eight });
    await expect(scaled.invoke("Why?", { signal: stop.signal })).rejects.toThrow("enough");
  });

  it("loses no response that had come back", async () => {
    const stop = new AbortController();
    const model = new ScriptedModel(({ index }) => {
      if (index === 3) stop.abort(new Error("enough"));
      return "\\boxed{1}";
    });
    const scaled = new DynScaling({ model, ...eight });
    const [record] = await scaled.solve(["Why?"], { signal: stop.signal, maxConcurrency: 1 });
    expect(record).toMatchObject({ answer: "1", votes: [{ answer: "1", count: 3 }], stopReason: "closed" });
  });
});

describe("an error with which LangGraph steers", () => {
  const interrupt = Object.assign(new Error("ask a person"), { is_bubble_up: true });

  it.each([true, false])(
    "rejects and stops what is waiting, returnExceptions %s",
    async (returnExceptions) => {
      const model = new ScriptedModel(() => interrupt);
      const batch = new DynScaling({ model, ...eight }).batch(
        ["a?", "b?", "c?"],
        { maxConcurrency: 1 },
        { returnExceptions },
      );
      await expect(batch).rejects.toBe(interrupt);
      expect(model.calls.length).toBeLessThanOrEqual(2);
    },
  );

  it("passes through an extractor too", async () => {
    const extractor = (): never => {
      throw interrupt;
    };
    const scaled = new DynScaling({ model: new ScriptedModel(), extractor, ...eight });
    await expect(scaled.invoke("Why?")).rejects.toBe(interrupt);
  });
});

describe("a handler that raises its errors", () => {
  it("closes the run of another input, which was still being opened", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    class Slow extends RunCollector {
      override async handleChainStart(...given: Parameters<RunCollector["handleChainStart"]>): Promise<void> {
        super.handleChainStart(...given);
        for (let turn = 0; turn < 20; turn++) await new Promise((settle) => setImmediate(settle));
      }
    }
    const slow = new Slow();
    const raise = (): never => {
      throw new Error("the handler is broken");
    };
    const broken = Object.assign(new RunCollector(), { raiseError: true, handleChainStart: raise });
    const scaled = new DynScaling({ model: new ScriptedModel(), ...eight });
    await scaled.batch(["a?", "b?"], [{ callbacks: [broken] }, { callbacks: [slow] }]).catch(() => undefined);
    expect(slow.runs.map(({ ends }) => ends.length)).toEqual([1]);
    vi.restoreAllMocks();
  });

  /** Raises at the n-th of the events that it hears. */
  class Raising extends RunCollector {
    override raiseError = true;
    #left: number;

    constructor(event: "handleChainStart" | "handleChainEnd", left: number) {
      super();
      this.#left = left;
      const record = this[event].bind(this) as (...heard: unknown[]) => void;
      this[event] = ((...heard: unknown[]) => {
        record(...heard);
        this.#left -= 1;
        if (this.#left === 0) throw new Error("the handler is broken");
      }) as never;
    }
  }

  it.each(["handleChainStart", "handleChainEnd"] as const)(
    "leaves no run open or closed twice: %s",
    async (event) => {
      const said = vi.spyOn(console, "error").mockImplementation(() => {});
      for (let place = 1; place <= 4; place++) {
        const collector = new Raising(event, place);
        await new DynScaling({ model: new ScriptedModel(), ...eight })
          .batch(["a?", "b?"], { callbacks: [collector] })
          .catch(() => undefined);
        const own = collector.of("DynScaling").map(({ ends }) => ends.length);
        // A run whose very start was refused is nobody's to close.
        const fewest = event === "handleChainEnd" ? 1 : 0;
        expect([Math.min(...own, 1) >= fewest, Math.max(...own) <= 1]).toEqual([true, true]);
      }
      expect(said).toHaveBeenCalled();
      said.mockRestore();
    },
  );
});
