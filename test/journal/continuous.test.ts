import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/allocators/uniform.js";
import { voteIndex } from "../../src/allocators/vote_index.js";
import { randomStreams } from "../../src/core/random.js";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields } from "../../src/index.js";
import { independent } from "../../src/samplers/independent.js";
import { ScriptedModel } from "../support/scripted_model.js";

interface Batch extends Partial<DynScalingFields> {
  samplesPerInput: number;
  maxConcurrency?: number;
}

type Journal = InMemoryStore<Uint8Array>;

/** Starts the same batch three times; the calls that each of them paid for. */
async function started(
  { samplesPerInput, maxConcurrency = 8, ...fields }: Batch,
  journal: Journal = new InMemoryStore<Uint8Array>(),
  between: (journal: Journal) => Promise<void> = async () => {},
): Promise<number[]> {
  const random = randomStreams(7)();
  const questions = Array.from({ length: 24 }, (_, place) => String(place));
  const calls: number[] = [];
  for (let start = 0; start < 3; start++) {
    const model = new ScriptedModel(async ({ question }) => {
      // The order in which responses arrive is another at every start.
      await new Promise((settle) => setTimeout(settle, random() * 8));
      return `\\boxed{${Math.floor(random() * (1 + (Number(question) % 4)))}}`;
    });
    const budget = { samplesPerInput };
    const scaled = new DynScaling({ model, journal, schedule: "continuous", budget, ...fields });
    await scaled.batch(questions, { maxConcurrency });
    calls.push(model.calls.length);
    await between(journal);
  }
  return calls;
}

/** As older versions wrote them: without the units that calls belonged to. */
async function withoutUnits(journal: Journal): Promise<void> {
  for await (const key of journal.yieldKeys()) {
    const [bytes] = await journal.mget([key]);
    const { unit: _unit, ...entry } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    await journal.mset([[key, new TextEncoder().encode(JSON.stringify(entry))]]);
  }
}

describe("a batch without rounds that has a journal", () => {
  it.each([8, 64])("pays for nothing when it is started again, with %i calls at a time", async (limit) => {
    const calls = await started({ samplesPerInput: 16, maxConcurrency: limit });
    expect(calls).toEqual([24 * 16, 0, 0]);
  });

  it("does not either where the pool is no multiple of a unit", async () => {
    expect(await started({ samplesPerInput: 10.5 })).toEqual([252, 0, 0]);
    expect(await started({ samplesPerInput: 11, allocator: uniform() })).toEqual([264, 0, 0]);
  });

  it("does not either where questions are settled at a price", async () => {
    const priced = { allocator: voteIndex({ price: 0.005 }), sampler: independent(), unitSamples: 2 };
    const [first, ...later] = await started({ samplesPerInput: 16, ...priced });
    expect(first).toBeLessThan(24 * 16);
    expect(later).toEqual([0, 0]);
  });

  it("takes units for whole ones where an older journal does not tell their size", async () => {
    const journal = new InMemoryStore<Uint8Array>();
    const calls = await started({ samplesPerInput: 16 }, journal, withoutUnits);
    expect(calls).toEqual([24 * 16, 0, 0]);
  });
});
