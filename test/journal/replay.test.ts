import { AIMessage } from "@langchain/core/messages";
import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields, InputRecord } from "../../src/index.js";
import { conclusions } from "../../src/prompts/index.js";
import { independent, integrated } from "../../src/samplers/index.js";
import { CountedAnswers } from "../support/counted_answers.js";
import { RunCollector } from "../support/run_collector.js";
import { ScriptedModel } from "../support/scripted_model.js";

const QUESTIONS = ["Why is it so?", "And why not?", "Who knows?"];

/** A model that never repeats itself: a second answer to the same request is another one. */
function newModel(): ScriptedModel {
  const answers = new CountedAnswers();
  return new ScriptedModel(({ messages }) => {
    const text = answers.next(JSON.stringify(messages.map((message) => message.text)));
    return new AIMessage({
      content: text,
      usage_metadata: { input_tokens: 7, output_tokens: text.length, total_tokens: 7 + text.length },
    });
  });
}

async function solve(
  journal: InMemoryStore<Uint8Array>,
  model: ScriptedModel,
  fields: Partial<DynScalingFields> = {},
  questions: readonly string[] = QUESTIONS,
): Promise<InputRecord[]> {
  const scaled = new DynScaling({ model, journal, budget: { samplesPerInput: 12 }, ...fields });
  return scaled.solve([...questions]);
}

async function textsOf(store: InMemoryStore<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const key of store.yieldKeys()) {
    const [value] = await store.mget([key]);
    texts.push(`${key} ${new TextDecoder().decode(value)}`);
  }
  return texts;
}

function decisions(records: readonly InputRecord[]): unknown {
  return records.map(({ answer, votes, rounds, inputTokens, outputTokens, samples, responses, message }) => ({
    content: message?.content,
    usage: message?.usage_metadata,
    answer,
    votes,
    rounds,
    inputTokens,
    outputTokens,
    samples,
    responses: responses.map(({ replayed: _replayed, message: _message, ...sample }) => sample),
  }));
}

describe("a batch that is started again with its journal", () => {
  it("comes out the same, and pays for nothing", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    const first = await solve(store, model);
    expect(model.calls).toHaveLength(36);
    expect(first.map(({ replayedSamples }) => replayedSamples)).toEqual([0, 0, 0]);

    const second = await solve(store, model);
    expect(model.calls).toHaveLength(36);
    expect(decisions(second)).toEqual(decisions(first));
    expect(second.map(({ samples }) => samples)).toEqual(second.map((record) => record.replayedSamples));
  });

  it("pays for the rest alone when it may spend more", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    await solve(store, model, { budget: { samplesPerInput: 8 } });
    const records = await solve(store, model, { budget: { samplesPerInput: 16 } });
    expect(model.calls).toHaveLength(48);
    expect(records.map(({ replayedSamples }) => replayedSamples)).toEqual([8, 8, 8]);
  });

  it("reads its answers afresh", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    const budget = { samplesPerInput: 8 };
    await solve(store, model, { budget });
    const records = await solve(store, model, { budget, extractor: () => "always" });
    expect(model.calls).toHaveLength(24);
    expect(records.map(({ answer }) => answer)).toEqual(["always", "always", "always"]);
  });

  it("opens no model run for what it replays", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const scaled = new DynScaling({ model: newModel(), journal: store, budget: { totalSamples: 8 } });
    const [first, second] = [new RunCollector(), new RunCollector()];
    await scaled.invoke("Why?", { callbacks: [first] });
    const message = await scaled.invoke("Why?", { callbacks: [second] });
    expect(first.runs.filter(({ type }) => type === "model")).toHaveLength(8);
    expect(second.runs.filter(({ type }) => type === "model")).toHaveLength(0);
    expect(message.response_metadata.dynscaling.replayedSamples).toBe(8);
  });
});

describe("a journal starts afresh", () => {
  const CHANGES: Record<string, [Partial<DynScalingFields>, readonly string[], number]> = {
    "for a seed": [{ seed: 1 }, QUESTIONS, 36],
    "for a sampler": [{ sampler: independent() }, QUESTIONS, 36],
    "for the chains alone, when their prompt changes": [
      { sampler: integrated({ prompt: conclusions }) },
      QUESTIONS,
      18,
    ],
    "for a question alone": [{}, [...QUESTIONS.slice(0, 2), "Who cares?"], 12],
  };
  it.each(Object.entries(CHANGES))("%s", async (_what, [fields, questions, paid]) => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    const even = { budget: { samplesPerInput: 12 }, unitSamples: 12 };
    await solve(store, model, even);
    await solve(store, model, { ...even, ...fields }, questions);
    expect(model.calls).toHaveLength(36 + paid);
  });
});

describe("questions that are equal", () => {
  it("share no samples within a batch, nor while two batches run side by side", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    const fields = { budget: { samplesPerInput: 4 }, unitSamples: 4, sampler: independent() };
    const scaled = new DynScaling({ model, journal: store, ...fields });
    const batches = [scaled.solve(["Why?", "Why?"]), scaled.solve(["Why?"])];
    const records = (await Promise.all(batches)).flat();
    expect(model.calls).toHaveLength(12);
    const texts = records.flatMap(({ responses }) => responses.map(({ text }) => text));
    expect(new Set(texts).size).toBe(12);
    const again = await scaled.solve(["Why?", "Why?", "Why?"]);
    expect(model.calls).toHaveLength(12);
    expect(again.flatMap(({ responses }) => responses.map(({ text }) => text)).toSorted()).toEqual(
      texts.toSorted(),
    );
  });
});

describe("a failed call", () => {
  /** Fails as told, and never repeats itself otherwise. */
  function failing(error: (index: number) => Error | null): ScriptedModel {
    const answers = new CountedAnswers();
    return new ScriptedModel(
      ({ index, messages }) => error(index) ?? answers.next(JSON.stringify(messages.map(({ text }) => text))),
    );
  }
  const fields = { budget: { totalSamples: 12 }, unitSamples: 4, retries: { maxRetries: 0 } };

  it("fails again without being sent, so that every chain after it quotes what it quoted", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = failing((index) => (index === 1 ? new Error("out of order") : null));
    const [first] = await solve(store, model, fields, ["Why?"]);
    expect(model.calls).toHaveLength(13);
    const [second] = await solve(store, model, fields, ["Why?"]);
    expect(model.calls).toHaveLength(13);
    const shown = (record: InputRecord | undefined): unknown =>
      record?.responses.map(({ text, stage, parents, round }) => ({ text, stage, parents, round }));
    expect(shown(second)).toEqual(shown(first));
    expect(second?.rounds).toEqual(first?.rounds);
    expect(second).toMatchObject({ failedSamples: 1, failures: first?.failures, replayedSamples: 13 });
    expect(second?.budget.spent.samples).toBe(12);
    expect((await textsOf(store)).join()).not.toContain("out of order");
  });

  it("keeps its worst case aside over the restart, if the provider may have charged it", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const timeout = Object.assign(new Error("late"), { name: "TimeoutError" });
    const model = failing((index) => (index === 1 ? timeout : null));
    const budget = { totalOutputTokens: 600, maxOutputTokensPerSample: 100 };
    const [first] = await solve(store, model, { ...fields, budget }, ["Why?"]);
    const [second] = await solve(store, model, { ...fields, budget }, ["Why?"]);
    expect(first?.budget.reserved.outputTokens).toBe(100);
    expect(second?.budget).toEqual(first?.budget);
    expect(second?.failures).toEqual([{ kind: "timeout", count: 1 }]);
    expect(model.calls).toHaveLength(6);
  });

  it.each([
    ["was given up for its failures", new Error("out of order"), 4],
    ["met a bad key", Object.assign(new Error("no"), { status: 401 }), 1],
  ])("of a question that %s is made again: whatever it was may be over", async (_what, error, failures) => {
    const store = new InMemoryStore<Uint8Array>();
    const model = failing((index) => (index < failures ? error : null));
    const independently = { ...fields, sampler: independent(), unitSamples: failures };
    const [lost] = await solve(store, model, independently, ["Why?"]);
    expect(lost?.message).toBeNull();
    expect(model.calls).toHaveLength(failures);
    const [record] = await solve(store, model, independently, ["Why?"]);
    expect(record).toMatchObject({ error: null, failedSamples: 0, samples: 12 });
    expect(model.calls).toHaveLength(failures + 12);
  });
});

describe("a journal that cannot be written", () => {
  it("keeps what was paid for, and sends no further call", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const model = newModel();
    let writes = 0;
    const journal = {
      mget: (keys: string[]) => store.mget(keys),
      mset: async () => {
        writes += 1;
        throw new Error("the disk is full");
      },
    };
    const scaled = new DynScaling({ model, journal, budget: { totalSamples: 8 }, unitSamples: 2 });
    const [record] = await scaled.solve(["Why?"]);
    expect(record?.answer).toMatch(/^[012]$/);
    expect(model.calls).toHaveLength(1);
    expect(writes).toBe(1);
    expect(record?.stopReason).toBe("closed");
    expect(record?.error?.message).toBe(
      "The journal cannot be written, so no further call is made: the disk is full",
    );
  });

  it("is told apart before anything is spent from what is no journal at all", () => {
    const journal = { get: () => {} } as unknown as InMemoryStore<Uint8Array>;
    expect(() => new DynScaling({ model: newModel(), journal })).toThrow(
      /journal: got an object with keys get/,
    );
  });
});

describe("a response", () => {
  it("is in the journal before the next call takes its place", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const order: string[] = [];
    const journal = {
      mget: (keys: string[]) => store.mget(keys),
      mset: async (pairs: [string, Uint8Array][]) => {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        await store.mset(pairs);
        order.push("kept");
      },
    };
    const model = new ScriptedModel(() => {
      order.push("called");
      return "The answer is 1.";
    });
    const scaled = new DynScaling({ model, journal, budget: { totalSamples: 3 } });
    await scaled.invoke("Why?", { maxConcurrency: 1 });
    expect(order).toEqual(["called", "kept", "called", "kept", "called", "kept"]);
  });

  it("that arrives after its batch was cut off is kept, unless another batch was there first", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const late: (() => void)[] = [];
    const model = new ScriptedModel(async ({ index }) => {
      if (index < 2) await new Promise<void>((settle) => late.push(settle));
      return `The answer is ${index}.`;
    });
    const fields = { budget: { totalSamples: 2 }, unitSamples: 2, sampler: independent() };
    const scaled = new DynScaling({ model, journal: store, ...fields });
    const stop = new AbortController();
    const cut = scaled.solve(["Why?"], { signal: stop.signal });
    while (late.length < 2) await new Promise(setImmediate);
    stop.abort(new Error("enough"));
    await cut;
    const [record] = await scaled.solve(["Why?"]);
    for (const settle of late) settle();
    await new Promise((settle) => setTimeout(settle, 20));
    const texts = (await textsOf(store)).join();
    expect(record?.responses.map(({ text }) => text)).toEqual(["The answer is 2.", "The answer is 3."]);
    for (const { text } of record?.responses ?? []) expect(texts).toContain(text);
    expect(texts).not.toContain("The answer is 0.");
  });

  it("is kept without the headers that came with it, and with its tool calls", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const tool_calls = [{ name: "look_up", args: { word: "why" }, id: "call-1", type: "tool_call" as const }];
    const response_metadata = { headers: { "set-cookie": "a session" }, finish_reason: "stop" };
    const model = new ScriptedModel(
      () => new AIMessage({ content: "The answer is 1.", tool_calls, response_metadata }),
    );
    const fields = { model, journal: store, budget: { totalSamples: 1 } };
    await new DynScaling(fields).invoke("Why?");
    expect((await textsOf(store)).join()).not.toContain("a session");
    const message = await new DynScaling(fields).invoke("Why?");
    expect(model.calls).toHaveLength(1);
    expect(message.tool_calls).toEqual(tool_calls);
    expect(message.response_metadata["finish_reason"]).toBe("stop");
  });
});
