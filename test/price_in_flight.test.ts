import { describe, expect, it } from "vitest";
import { voteIndex } from "../src/allocators/vote_index.js";
import { DynScaling } from "../src/index.js";
import { independent } from "../src/samplers/independent.js";
import { ScriptedModel } from "./support/scripted_model.js";

describe("easy questions at a price", () => {
  it.each([
    ["rounds", undefined],
    ["rounds", 64],
    ["continuous", undefined],
    ["continuous", 1],
    ["continuous", 64],
  ] as const)("cost the same with %s and %s calls at a time", async (schedule, maxConcurrency) => {
    const model = new ScriptedModel(async () => {
      await new Promise((settle) => setImmediate(settle));
      return "\\boxed{7}";
    });
    const scaled = new DynScaling({
      model,
      schedule,
      sampler: independent(),
      unitSamples: 1,
      allocator: voteIndex({ price: 0.002 }),
      budget: { samplesPerInput: 64 },
    });
    for (const questions of [["alone"], ["one", "two", "three", "four"]]) {
      const records = await scaled.solve(questions, { maxConcurrency });
      expect(records.map(({ samples, stopReason }) => [samples, stopReason])).toEqual(
        questions.map(() => [3, "settled"]),
      );
    }
  });

  it("are offered again when a sample has come back and settled nothing", async () => {
    const model = new ScriptedModel(({ index }) => `\\boxed{${index % 2}}`);
    const scaled = new DynScaling({
      model,
      schedule: "continuous",
      sampler: independent(),
      unitSamples: 1,
      allocator: voteIndex({ price: 0.002 }),
      budget: { samplesPerInput: 10 },
    });
    const [record] = await scaled.solve(["torn"], { maxConcurrency: 64 });
    expect([record?.samples, record?.stopReason, model.peak]).toEqual([10, "samples", 1]);
  });
});
