import { InMemoryStore } from "@langchain/core/stores";
import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields, JournalStore } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const FULL = "The journal cannot be written, so no further call is made: no space left on device";

/** A disk that is full after so many entries. */
function disk(entries: number): JournalStore & { held: InMemoryStore<Uint8Array> } {
  const held = new InMemoryStore<Uint8Array>();
  let written = 0;
  return {
    held,
    mget: (keys) => held.mget(keys),
    async mset(pairs) {
      if (written++ >= entries) throw new Error("no space left on device");
      await held.mset(pairs);
    },
  };
}

function scaledOn(
  journal: JournalStore,
  fields: Partial<DynScalingFields> = {},
): [DynScaling, ScriptedModel] {
  const model = new ScriptedModel(() => "\\boxed{1}");
  return [new DynScaling({ model, journal, budget: { samplesPerInput: 16 }, ...fields }), model];
}

const CONFIG = { maxConcurrency: 4 };
const INPUTS = ["a", "b", "c"];

describe("a disk that fills up while a batch keeps its journal", () => {
  it("ends batch() with an error that says so, at once", async () => {
    const [scaled, model] = scaledOn(disk(3));
    await expect(scaled.batch(INPUTS, CONFIG)).rejects.toThrow(FULL);
    expect(model.calls.length).toBeLessThanOrEqual(3 + 4);
  });

  it("ends it with the votes over what had arrived, if that is what an abort does", async () => {
    const [scaled, model] = scaledOn(disk(8), { onAbort: "vote" });
    const messages = await scaled.batch(INPUTS, CONFIG);
    expect(messages.map(({ text }) => text)).toEqual(INPUTS.map(() => "\\boxed{1}"));
    expect(model.calls.length).toBeLessThanOrEqual(8 + 4);
  });

  it("tells solve(), whose records keep what was paid for, the same once for all", async () => {
    const [scaled] = scaledOn(disk(30));
    const inputs = Array.from({ length: 20 }, (_, n) => `q${n}`);
    const records = await scaled.solve(inputs, CONFIG);
    expect(new Set(records.map(({ error }) => error?.message))).toEqual(new Set([FULL]));
    expect(new Set(records.map(({ error }) => error)).size).toBe(1);
    const arrived = records.flatMap(({ responses }) => responses.filter(({ message }) => message));
    expect(arrived.length).toBeGreaterThanOrEqual(30);
    for (const { responses, message } of records)
      expect(message !== null).toBe(responses.some((sample) => sample.message));
  });
});

describe("what JSON cannot hold in the metadata of a response", () => {
  const circular: Record<string, unknown> = { kind: "circular" };
  circular["self"] = circular;
  it.each([
    ["a BigInt", { odd: 1n, plain: 7 }],
    ["an object that holds itself", { odd: circular, plain: 7 }],
  ])("is left out of the journal, and nothing else: %s", async (_what, response_metadata) => {
    const journal = new InMemoryStore<Uint8Array>();
    const model = new ScriptedModel(() => new AIMessage({ content: "\\boxed{1}", response_metadata }));
    const fields = { model, journal, budget: { samplesPerInput: 8 } };
    const [first] = await new DynScaling(fields).solve(["a"]);
    expect(first).toMatchObject({ failedSamples: 0, samples: 8, error: null });
    const [again] = await new DynScaling(fields).solve(["a"]);
    expect([again?.replayedSamples, model.calls.length]).toEqual([8, 8]);
    expect(again?.responses[0]?.message?.response_metadata).toEqual({ plain: 7 });
  });
});

describe("withRetry() of a DynScaling with a journal", () => {
  it("asks anew instead of replaying the answers that were of no use, also when it is started again", async () => {
    const journal = new InMemoryStore<Uint8Array>();
    const model = new ScriptedModel(({ index }) => (index < 4 ? "" : "\\boxed{1}"));
    const scaled = new DynScaling({ model, journal, budget: { samplesPerInput: 16 } });
    const retried = scaled.withRetry({ stopAfterAttempt: 3 });
    const first = await retried.invoke("q");
    const { answer, budget } = first.response_metadata.dynscaling;
    expect([answer, budget.spent.samples, model.calls.length]).toEqual(["1", 16, 16]);
    const again = await retried.invoke("q");
    expect(again.response_metadata.dynscaling.budget.spent).toEqual(budget.spent);
    expect(model.calls).toHaveLength(16);
  });
});
