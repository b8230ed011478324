import { describe, expect, it } from "vitest";
import { adaptiveConsistency } from "../src/allocators/adaptive_consistency.js";
import { earlyStopping } from "../src/allocators/early_stopping.js";
import { leaderDoubt } from "../src/allocators/leader_doubt.js";
import { voteIndex, voteIndexOf } from "../src/allocators/vote_index.js";
import { openAccount } from "../src/core/account.js";
import { solve } from "../src/core/solve.js";
import type { Schedule } from "../src/core/solve.js";
import type { Allocator } from "../src/core/types.js";
import { DynScaling } from "../src/index.js";
import type { InputRecord } from "../src/index.js";
import { independent } from "../src/samplers/independent.js";
import { variationRatio } from "../src/uncertainty/variation_ratio.js";
import { majority } from "../src/voting/majority.js";
import { ScriptedModel } from "./support/scripted_model.js";

const schedules: Schedule[] = ["rounds", "continuous"];

describe.each(schedules)("why a question got no more samples (%s)", (schedule) => {
  /** One question; `torn` has two answers in turn. */
  async function solved(allocator: Allocator, isTorn: boolean): Promise<InputRecord> {
    const model = new ScriptedModel(({ index }) => `\\boxed{${isTorn ? index % 2 : 7}}`);
    const parts = { model, schedule, allocator, sampler: independent(), unitSamples: 1 };
    const [record] = await new DynScaling({ ...parts, budget: { samplesPerInput: 64 } }).solve(["q"]);
    return record as InputRecord;
  }

  it("is what was decided, whatever the price is when its run has closed", async () => {
    let price = 0.01;
    const [solution] = await solve<unknown, never>(
      ["q"],
      {
        sampler: independent(),
        allocator: {
          ...voteIndex(),
          isSettled: (arm) => voteIndex({ price }).isSettled?.(arm) === true,
        },
        uncertainty: variationRatio,
        voting: majority,
        unitSamples: 1,
        seed: 0,
      },
      openAccount({ totalSamples: 100 }, 1),
      {
        samplesPerCall: 1,
        slots: 1,
        isOpen: () => true,
        generate: async () => [{ text: "t", answer: "a", usage: {} }],
        openUnit: async () => {},
        closeUnit: async ({ samples }) => {
          await Promise.resolve();
          // Another question has made samples cheap.
          if (samples.length === 2) price = 1e-9;
        },
        afterWave: () => {},
      },
      schedule,
    );
    expect([solution?.arm.samples.length, solution?.stopReason]).toEqual([2, "settled"]);
  });

  it("is 'settled' below the price, with index and price in the record", async () => {
    const record = await solved(voteIndex({ price: 0.002, maxSamples: 20 }), false);
    const lastIndex = voteIndexOf({ first: 3, second: 0, total: 3 });
    expect(record).toMatchObject({ samples: 3, stopReason: "settled", lastIndex, lastPrice: 0.002 });
    expect(record.message?.response_metadata.dynscaling).toMatchObject({ lastIndex, lastPrice: 0.002 });
  });

  it("is 'samples' at the most that the allocator gives one question", async () => {
    const priced = await solved(voteIndex({ price: 0.002, maxSamples: 20 }), true);
    expect(priced).toMatchObject({ samples: 20, stopReason: "samples", lastPrice: 0.002 });
    expect(priced.lastIndex).toBeGreaterThan(0.002);
    for (const allocator of [
      voteIndex({ maxSamples: 20 }),
      adaptiveConsistency({ maxSamples: 20 }),
      earlyStopping({ maxSamples: 20 }),
      leaderDoubt({ maxSamples: 20 }),
    ]) {
      const record = await solved(allocator, true);
      expect([allocator.name, record.samples, record.stopReason]).toEqual([allocator.name, 20, "samples"]);
      expect(record.lastPrice).toBeUndefined();
    }
  });

  it("is 'settled' where the last sample that it may have settles it", async () => {
    const records = [
      await solved(voteIndex({ price: 0.002, maxSamples: 3 }), false),
      await solved(adaptiveConsistency({ maxSamples: 4 }), false),
      await solved(earlyStopping({ maxSamples: 5 }), false),
    ];
    expect(records.map(({ samples, stopReason }) => [samples, stopReason])).toEqual([
      [3, "settled"],
      [4, "settled"],
      [5, "settled"],
    ]);
  });
});
