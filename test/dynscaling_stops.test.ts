import { AIMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../src/index.js";
import type { DynScalingFields, Schedule } from "../src/index.js";
import { RunCollector } from "./support/run_collector.js";
import { ScriptedModel } from "./support/scripted_model.js";
import type { ScriptedCall } from "./support/scripted_model.js";

function scaledWith(model: ScriptedModel, fields: Partial<DynScalingFields> = {}): DynScaling {
  return new DynScaling({ model, budget: { samplesPerInput: 4 }, unitSamples: 4, ...fields });
}

/** Never answers; ends with the reason of its signal. */
function hang({ signal }: ScriptedCall): Promise<string> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal?.reason as Error);
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
  });
}

async function collect<Chunk>(stream: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

describe("how many calls DynScaling has in flight", () => {
  const slow = async (): Promise<string> => {
    await new Promise((settle) => setTimeout(settle, 2));
    return "\\boxed{1}";
  };

  it.each([
    [{ maxConcurrency: 3 }, {}, 3],
    [{}, { maxConcurrency: 5 }, 5],
    [{ maxConcurrency: 2 }, { maxConcurrency: 5 }, 2],
    [[{ maxConcurrency: 1 }, { maxConcurrency: 7 }, {}], { maxConcurrency: 5 }, 1],
  ])("is bounded by %o and %o to %i over the whole batch", async (config, batchOptions, peak) => {
    const model = new ScriptedModel(slow);
    await scaledWith(model).batch(["a?", "b?", "c?"], config, batchOptions);
    expect(model.calls).toHaveLength(12);
    expect(model.peak).toBe(peak);
  });

  it("is all that may be sent at once if nothing bounds it", async () => {
    const model = new ScriptedModel(slow);
    await scaledWith(model).batch(["a?", "b?", "c?"]);
    expect(model.peak).toBe(6);
  });

  it("is bounded for solve() too", async () => {
    const model = new ScriptedModel(slow);
    await scaledWith(model).solve(["a?", "b?", "c?"], { maxConcurrency: 2 });
    expect(model.peak).toBe(2);
  });

  it("leaves no run open if the bound is refused", async () => {
    const collector = new RunCollector();
    const batch = scaledWith(new ScriptedModel()).batch(["a?"], {
      callbacks: [collector],
      maxConcurrency: 0,
    });
    await expect(batch).rejects.toThrow(/concurrency/);
    expect(collector.of("DynScaling").map(({ ends }) => ends.length)).toEqual([1]);
  });
});

describe("what stops DynScaling", () => {
  it("is the first input without a response: the others ask for nothing more", async () => {
    const model = new ScriptedModel(({ question }) =>
      question === "b?" ? new Error("no idea") : "\\boxed{1}",
    );
    const scaled = new DynScaling({ model, budget: { samplesPerInput: 8 } });
    await expect(scaled.batch(["a?", "b?", "c?"])).rejects.toThrow("no idea");
    // Four independent samples each, and not one conditioned.
    expect(model.calls).toHaveLength(12);
  });

  it("is known at once: what waits for a free slot is not sent any more", async () => {
    const model = new ScriptedModel(({ question }) =>
      question === "a?" ? new Error("no idea") : "\\boxed{1}",
    );
    const fields = { model, budget: { samplesPerInput: 8 } };
    const batch = (schedule: Schedule): Promise<unknown> =>
      new DynScaling({ ...fields, schedule }).batch(["a?", "b?", "c?"], { maxConcurrency: 1 });
    await expect(batch("rounds")).rejects.toThrow("no idea");
    // Round robin up to the fourth of "a?", its last chance; its slot is taken before that is known.
    expect(model.calls).toHaveLength(11);
    await expect(batch("continuous")).rejects.toThrow("no idea");
    expect(model.calls).toHaveLength(11 + 10);
  });

  it("is not that input when errors are returned: each error stands in its place", async () => {
    const model = new ScriptedModel(({ question }) =>
      question === "b?" ? new Error("no idea") : "\\boxed{1}",
    );
    const results = await scaledWith(model).batch(["a?", "b?", "c?"], {}, { returnExceptions: true });
    expect(results.map((result) => (result instanceof Error ? result.message : result.text))).toEqual([
      "\\boxed{1}",
      "no idea",
      "\\boxed{1}",
    ]);
    // The four calls that failed gave their samples back.
    expect(model.calls).toHaveLength(16);
  });

  it("is an abort, after which nothing is asked, and the calls in flight are aborted", async () => {
    const abort = new AbortController();
    const model = new ScriptedModel((call) => {
      if (call.index === 2) abort.abort(new Error("enough"));
      return hang(call);
    });
    const batch = scaledWith(model).batch(["a?", "b?"], { signal: abort.signal, maxConcurrency: 3 });
    await expect(batch).rejects.toThrow("enough");
    await new Promise((settle) => setImmediate(settle));
    expect(model.calls).toHaveLength(3);
    expect(model.calls.map(({ signal }) => signal?.aborted)).toEqual([true, true, true]);
  });

  it("is an abort before the start, which asks nothing", async () => {
    const model = new ScriptedModel();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(scaledWith(model).batch(["a?"], { signal })).rejects.toThrow("too late");
    await expect(scaledWith(model).invoke("a?", { signal })).rejects.toThrow("too late");
    const results = await scaledWith(model).batch(["a?"], { signal }, { returnExceptions: true });
    expect(results).toEqual([signal.reason]);
    expect(model.calls).toHaveLength(0);
  });

  it("is a timeout", async () => {
    const model = new ScriptedModel(hang);
    await expect(scaledWith(model).invoke("a?", { timeout: 20 })).rejects.toThrow(/timeout/i);
    expect(model.calls).toHaveLength(2);
  });

  it("is an abort of one input's own signal, for that input alone, when errors are returned", async () => {
    const abort = new AbortController();
    const model = new ScriptedModel((call) => {
      if (call.question !== "b?") return "\\boxed{1}";
      abort.abort(new Error("enough of b"));
      return hang(call);
    });
    const [a, b] = await scaledWith(model).batch(["a?", "b?"], [{}, { signal: abort.signal }], {
      returnExceptions: true,
    });
    expect(a).toMatchObject({ text: "\\boxed{1}" });
    expect((b as Error).message).toBe("enough of b");
    expect(model.calls.filter(({ question }) => question === "b?").length).toBeLessThanOrEqual(2);
  });

  it("is an abort of one input's own signal, for all inputs, when errors are not returned", async () => {
    const abort = new AbortController();
    const model = new ScriptedModel((call) => {
      if (call.question === "b?") abort.abort(new Error("enough of b"));
      return hang(call);
    });
    const batch = scaledWith(model).batch(["a?", "b?"], [{}, { signal: abort.signal }]);
    await expect(batch).rejects.toThrow("enough of b");
    expect(model.calls.every(({ signal }) => signal?.aborted)).toBe(true);
  });

  it("is an abort of an input that has an answer already: it keeps it, and the others get the rest", async () => {
    const abort = new AbortController();
    const model = new ScriptedModel((call) => {
      if (call.question !== "b?") return "\\boxed{1}";
      if (call.messages.length === 1) return "\\boxed{2}";
      abort.abort(new Error("enough of b"));
      return hang(call);
    });
    const options = [{}, { signal: abort.signal }];
    const scaled = scaledWith(model, { budget: { samplesPerInput: 8 } });
    const [a, b] = (await scaled.batch(["a?", "b?"], options, { returnExceptions: true })) as AIMessage[];
    expect(model.calls.filter(({ question }) => question === "b?").length).toBeLessThanOrEqual(4);
    expect(a?.response_metadata["dynscaling"]).toMatchObject({ samples: 14, failedSamples: 0 });
    expect(b?.text).toBe("\\boxed{2}");
    expect(b?.response_metadata["dynscaling"]).toMatchObject({
      votes: [{ answer: "2", count: 2 }],
      samples: 4,
      failedSamples: 0,
      stopReason: "closed",
    });
  });

  it("is an interrupt of LangGraph, which is no failed sample", async () => {
    const interrupt = Object.assign(new Error("ask a human"), { is_bubble_up: true });
    const model = new ScriptedModel(({ index }) => (index === 1 ? interrupt : "\\boxed{1}"));
    const batch = scaledWith(model).batch(["a?", "b?"], {}, { returnExceptions: true });
    await expect(batch).rejects.toBe(interrupt);
    expect(model.calls).toHaveLength(4);
  });

  it("leaves a listener on no signal", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...arguments_: Parameters<typeof add>) => {
      listeners += 1;
      add(...arguments_);
    };
    signal.removeEventListener = (...arguments_: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...arguments_);
    };
    await scaledWith(new ScriptedModel()).batch(["a?", "b?"], { signal });
    expect(listeners).toBe(0);
  });
});

describe("DynScaling between LangChain's own wrappers", () => {
  it("streams one message, and the parsed text of one in a sequence", async () => {
    const scaled = scaledWith(new ScriptedModel());
    const messages = await collect(await scaled.stream("a?"));
    expect(messages.map((message) => AIMessage.isInstance(message))).toEqual([true]);
    const texts = await collect(await scaled.pipe(new StringOutputParser()).stream("a?"));
    expect(texts.join("")).toBe("\\boxed{1}");
  });

  it("names itself and keeps its model and functions to itself when it is serialized", () => {
    const scaled = scaledWith(new ScriptedModel());
    expect(DynScaling.lc_name()).toBe("DynScaling");
    expect(scaled.lc_namespace).toEqual(["langchain_dynscaling"]);
    expect(JSON.parse(JSON.stringify(scaled))).toEqual({
      lc: 1,
      type: "not_implemented",
      id: ["langchain_dynscaling", "DynScaling"],
    });
  });
});
