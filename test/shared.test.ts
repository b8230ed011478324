import { RunnableParallel } from "@langchain/core/runnables";
import { AIMessage } from "@langchain/core/messages";
import { END, START, Annotation, Send, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { openStreamPrice, priceOfAverage } from "../src/core/stream_price.js";
import { DynScaling } from "../src/index.js";
import type { DynScalingMetadata, ScaledMessage, SharedFields } from "../src/index.js";
import { integrated } from "../src/samplers/index.js";
import { RunCollector } from "./support/run_collector.js";
import { ScriptedModel } from "./support/scripted_model.js";
import type { ScriptedCall } from "./support/scripted_model.js";

/** Agrees with itself on calm questions, and says something else each time on torn ones. */
function moody(): ScriptedModel {
  return new ScriptedModel(({ question, index }) => {
    const answer = question.startsWith("torn") ? index % 2 : 1;
    return new AIMessage({
      content: `\\boxed{${answer}}`,
      usage_metadata: { input_tokens: 1, output_tokens: 10, total_tokens: 11 },
    });
  });
}

function sharedOf(model: ScriptedModel, fields: SharedFields = {}): ReturnType<DynScaling["shared"]> {
  const budget = { samplesPerInput: 16, maxOutputTokensPerSample: 10 };
  return new DynScaling({ model, budget }).shared(fields);
}

function factsOf(message: ScaledMessage | undefined): DynScalingMetadata {
  return message?.response_metadata.dynscaling as DynScalingMetadata;
}

describe("calls that share one budget", () => {
  it("spend little on a question whose answers agree, much on a torn one, and say why they stopped", async () => {
    const shared = sharedOf(moody(), { maxSamplesPerInput: 20 });
    const calm = factsOf(await shared.invoke("calm"));
    const torn = factsOf(await shared.invoke("torn"));
    expect(calm).toMatchObject({ answer: "1", stopReason: "settled" });
    expect(calm.samples).toBeLessThanOrEqual(3);
    expect(torn).toMatchObject({ samples: 20, stopReason: "samples" });
    expect(shared.spend).toMatchObject({ inputs: 2, samples: calm.samples + 20 });
  });

  it("meet their average over a stream of any mix, early and late", async () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const shared = sharedOf(moody(), { samplesPerInput: 6 });
      for (let place = 0; place < 200; place++)
        await shared.invoke(place % 10 < 10 * share ? `torn ${place}` : `calm ${place}`);
      expect(shared.spend.samples / 200).toBeGreaterThan(0.75 * 6);
      expect(shared.spend.samples / 200).toBeLessThan(1.25 * 6);
    }
  });

  it("never exceed a total, however many are in flight, and refuse what finds nothing left", async () => {
    const model = moody();
    const shared = sharedOf(model, { samplesPerInput: 4, totalSamples: 50 });
    const asked = Array.from({ length: 64 }, (_, place) => shared.invoke(`torn ${place}`));
    const outcomes = await Promise.allSettled(asked);
    expect(model.calls.length).toBeLessThanOrEqual(50);
    expect(shared.spend.samples).toBe(model.calls.length);
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThanOrEqual(14);
    await expect(shared.invoke("torn")).rejects.toThrow(/^shared\.totalSamples: got 50/);
  });

  it("never exceed a total of output tokens", async () => {
    const model = moody();
    const shared = sharedOf(model, { totalOutputTokens: 205 });
    await Promise.allSettled(Array.from({ length: 40 }, (_, place) => shared.invoke(`torn ${place}`)));
    expect(model.calls).toHaveLength(20);
    expect(shared.spend.outputTokens).toBe(200);
    await expect(shared.invoke("torn")).rejects.toThrow(/^shared\.totalOutputTokens/);
  });

  it("share it where batch() would not be called: in a parallel map and in LangGraph's Send", async () => {
    const shared = sharedOf(moody(), { samplesPerInput: 4, maxSamplesPerInput: 9 });
    const both = RunnableParallel.from({ one: shared, two: shared });
    const { one, two } = (await both.invoke("torn")) as Record<string, ScaledMessage>;
    expect(shared.spend).toMatchObject({ inputs: 2, samples: factsOf(one).samples + factsOf(two).samples });

    const State = Annotation.Root({
      questions: Annotation<string[]>,
      answers: Annotation<string[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
    });
    const graph = new StateGraph(State)
      .addNode("solve", async (state: unknown, config) => {
        const { question } = state as { question: string };
        return { answers: [factsOf(await shared.invoke(question, config)).answer ?? ""] };
      })
      .addConditionalEdges(START, ({ questions }) =>
        questions.map((question) => new Send("solve", { question })),
      )
      .addEdge("solve", END)
      .compile();
    const { answers } = await graph.invoke({ questions: ["calm 1", "calm 2", "calm 3"] });
    expect(answers).toEqual(["1", "1", "1"]);
    expect(shared.spend.inputs).toBe(5);
  });

  it("answer with what they have when their time is up", async () => {
    const model = new ScriptedModel(async ({ index, signal }: ScriptedCall) => {
      if (index < 2) return `\\boxed{${index}}`;
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    });
    const message = await sharedOf(model, { timeoutMs: 300 }).invoke("torn");
    expect(factsOf(message)).toMatchObject({ answer: "0", samples: 3, stopReason: "closed" });
  });

  it("reject with the caller's own abort, and give back what was put aside", async () => {
    const stop = new AbortController();
    const model = new ScriptedModel(({ index, signal }: ScriptedCall) => {
      if (index !== 1) return `\\boxed{${index}}`;
      stop.abort(new Error("enough"));
      return new Promise((_, reject) => reject(signal?.reason as Error));
    });
    const shared = sharedOf(model, { totalSamples: 10 });
    await expect(shared.invoke("torn", { signal: stop.signal })).rejects.toThrow("enough");
    expect(shared.spend.inputs).toBe(0);
    const { samples } = shared.spend;
    await Promise.allSettled(Array.from({ length: 10 }, () => shared.invoke("torn")));
    // The call that was aborted gave its sample back.
    expect(model.calls).toHaveLength(11);
    expect(shared.spend.samples).toBeGreaterThan(samples);
  });

  it("reject with the error of their calls when all have failed", async () => {
    const model = new ScriptedModel(() => new Error("503"));
    await expect(sharedOf(model).invoke("torn")).rejects.toThrow("503");
    expect(model.calls).toHaveLength(4);
  });

  it("open one run each, whose rounds carry the index that won them", async () => {
    const collector = new RunCollector();
    const shared = sharedOf(moody(), { maxSamplesPerInput: 4 });
    await shared.invoke("torn", { callbacks: [collector] });
    const [run] = collector.of("DynScaling");
    const output = run?.ends[0]?.output as { dynscaling: { rounds: { priority: number | null }[] } };
    const { rounds } = output.dynscaling;
    expect(rounds.map(({ priority }) => priority !== null)).toEqual([false, true, true, true]);
    expect(rounds[2]?.priority).toBeCloseTo(0.1445, 4);
  });

  it("take another sampler and unit", async () => {
    const model = moody();
    const shared = sharedOf(model, { sampler: integrated(), unitSamples: 4, maxSamplesPerInput: 4 });
    const message = await shared.invoke("torn");
    expect(factsOf(message).samples).toBe(4);
    expect(model.calls[3]?.messages.length).toBeGreaterThan(1);
  });

  it.each([
    ["an unknown option", { budget: 3 }, /^shared\.budget/],
    ["an average below one", { samplesPerInput: 0.5 }, /^shared\.samplesPerInput/],
    ["a cap of none", { maxSamplesPerInput: 0 }, /^shared\.maxSamplesPerInput/],
    ["a time limit of none", { timeoutMs: 0 }, /^shared\.timeoutMs/],
    ["a time limit no timer can keep", { timeoutMs: 3e9 }, /^shared\.timeoutMs.*2147483647/],
    ["a total of none", { totalSamples: 0 }, /totalSamples/],
    ["a total of tokens below one call", { totalOutputTokens: 5 }, /totalOutputTokens/],
    ["a unit of none", { unitSamples: 0 }, /^shared\.unitSamples/],
    ["a price below none", { price: -1 }, /^shared\.price: got -1/],
    ["a price without end", { price: Infinity }, /^shared\.price: got Infinity/],
    [
      "a cap below the average",
      { samplesPerInput: 8, maxSamplesPerInput: 2 },
      /^shared\.maxSamplesPerInput: got 2.*8/,
    ],
    ["a unit above the average", { samplesPerInput: 2, unitSamples: 8 }, /^shared\.unitSamples: got 8.*2/],
  ])("refuse %s before anything is spent", async (_what, fields, message) => {
    const model = moody();
    await expect((async () => sharedOf(model, fields as SharedFields).invoke("calm"))()).rejects.toThrow(
      message,
    );
    expect(model.calls).toHaveLength(0);
  });
});

describe("a shared budget of a model that brings several responses per request", () => {
  class Several extends ScriptedModel {
    n = 4;
  }

  it.each([
    [{ maxSamplesPerInput: 2 }, /^shared\.maxSamplesPerInput: got 2\. One request brings 4 responses/],
    [{ samplesPerInput: 7, maxSamplesPerInput: 7 }, /^shared\.maxSamplesPerInput: got 7\. .*whole requests/],
    [{ samplesPerInput: 2 }, /^shared\.samplesPerInput: got 2\. One request brings 4 responses/],
  ])("refuses %o: no price can bring the average about", (fields, message) => {
    expect(() => sharedOf(new Several(), fields)).toThrow(message);
    expect(() => sharedOf(new Several(), { samplesPerInput: 4, maxSamplesPerInput: 4 })).not.toThrow();
  });
});

describe("a shared budget with a lone easy question", () => {
  it.each(["rounds", "continuous"] as const)(
    "spends the same in %s, however many calls may be in flight",
    async (schedule) => {
      for (const maxConcurrency of [1, 64]) {
        const model = moody();
        const shared = new DynScaling({ model, schedule }).shared();
        await shared.invoke("calm", { maxConcurrency });
        expect(model.calls.length).toBeLessThanOrEqual(3);
      }
    },
  );
});

describe("the price of a stream", () => {
  it("falls no further than its floor, and saves the rest", async () => {
    const shared = sharedOf(moody(), { price: 0.002 });
    for (let place = 0; place < 40; place++) await shared.invoke(`calm ${place}`);
    expect(shared.spend.price).toBe(0.002);
    expect(shared.spend.samples).toBeLessThanOrEqual(3 * 40);
  });

  it("lets credit of many easy questions lapse beyond 40 questions' worth", () => {
    const price = openStreamPrice(8);
    for (let place = 0; place < 1000; place++) price.begin().finish(4);
    const low = price.now();
    // Twenty questions' worth more is credit still; the forty after them are owed.
    for (let place = 0; place < 10; place++) price.begin().finish(24);
    expect(price.now()).toBeCloseTo(low * Math.exp(0.02 * 20), 12);
    for (let place = 0; place < 20; place++) price.begin().finish(24);
    expect(price.now()).toBeCloseTo(low * Math.exp(0.02 * 60 + 0.1 * 40), 12);
  });

  it("stays a number on which samples can be bought, whatever questions take", () => {
    for (const samples of [1, 64]) {
      const price = openStreamPrice(8);
      for (let place = 0; place < 20_000; place++) price.begin().finish(samples);
      expect(price.now()).toBeGreaterThanOrEqual((0.13 / 64) * Math.exp(-7.001));
      expect(price.now()).toBeLessThanOrEqual(Math.exp(2.001) / 6);
    }
  });

  it("begins where the average would be met on average questions", () => {
    expect(openStreamPrice(8).now()).toBeCloseTo(priceOfAverage(8), 12);
    expect(priceOfAverage(8)).toBeCloseTo(0.13 / 64, 12);
  });

  it("rises with what is overspent and falls with what is saved", () => {
    const price = openStreamPrice(8);
    const start = price.now();
    price.begin().finish(16);
    const risen = price.now();
    expect(risen).toBeGreaterThan(start);
    price.begin().finish(0);
    expect(price.now()).toBeCloseTo(start, 12);
    price.begin().finish(4);
    expect(price.now()).toBeLessThan(start);
  });

  it("rises for the others while a question is still above the target, once", () => {
    const price = openStreamPrice(8);
    const start = price.now();
    const [hard, easy] = [price.begin(), price.begin()];
    expect(easy.now(2)).toBe(start);
    expect(hard.now(24)).toBe(start);
    const risen = easy.now(3);
    expect(risen).toBeCloseTo(start * Math.exp(0.1 * 2), 12);
    expect(hard.now(16)).toBe(start);
    expect(easy.now(3)).toBeCloseTo(start * Math.exp(0.1), 12);
    hard.finish(16);
    expect(price.now()).toBeCloseTo(start * Math.exp(0.1 + 0.02), 12);
    easy.finish(null);
    expect(price.now()).toBeCloseTo(start * Math.exp(0.1 + 0.02), 12);
  });
});
