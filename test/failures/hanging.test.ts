import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields } from "../../src/index.js";
import { integrated } from "../../src/samplers/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const hang = (): Promise<never> => new Promise(() => {});
const prices = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 1 };

describe("an abort", () => {
  it.each<[string, Partial<DynScalingFields>]>([
    ["the reading of a journal", { journal: { mget: hang, mset: async () => {} } }],
    [
      "the writing of a journal",
      { journal: { mget: async (keys) => keys.map(() => undefined), mset: hang } },
    ],
    ["a counter of tokens", { sampler: integrated({ maxThoughtTokens: 5, countTokens: hang }) }],
    [
      "a counter of tokens, where prompts are priced",
      {
        sampler: integrated({ maxThoughtTokens: 5, countTokens: hang }),
        budget: { totalCostUsd: 1, prices, maxOutputTokensPerSample: 10 },
      },
    ],
    ["an extractor", { extractor: hang }],
  ])("ends a batch in which %s hangs", async (_what, fields) => {
    const model = new ScriptedModel(() => "\\boxed{1}");
    const scaled = new DynScaling({ model, budget: { totalSamples: 16 }, ...fields });
    const [record] = await scaled.solve(["q"], { signal: AbortSignal.timeout(50) });
    expect(record).toMatchObject({ stopReason: "closed", failedSamples: 0 });
  });

  it("while answers are being written to the journal loses none of them: they are in the vote, too", async () => {
    const store = new InMemoryStore<Uint8Array>();
    const stop = new AbortController();
    let write = (): void => {};
    const isWritten = new Promise<void>((settle) => (write = settle));
    const writes: Promise<void>[] = [];
    const journal: DynScalingFields["journal"] = {
      mget: (keys) => store.mget(keys),
      mset: (pairs) => {
        if (writes.length === 3) queueMicrotask(() => stop.abort(new Error("enough")));
        const written = isWritten.then(() => store.mset(pairs));
        writes.push(written);
        return written;
      },
    };
    const model = new ScriptedModel(() => "\\boxed{1}");
    const scaled = new DynScaling({ model, journal, budget: { totalSamples: 8 } });
    const [record] = await scaled.solve(["q"], { signal: stop.signal, maxConcurrency: 4 });
    write();
    await Promise.all(writes);
    let kept = 0;
    for await (const _key of store.yieldKeys()) kept += 1;
    expect(record?.votes).toEqual([{ answer: "1", count: kept }]);
    expect([kept, model.calls.length]).toEqual([4, 4]);
  });
});
