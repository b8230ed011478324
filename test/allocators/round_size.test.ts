import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { voteIndex } from "../../src/allocators/vote_index.js";
import type { AllocationContext, Allocator } from "../../src/core/types.js";
import { DynScaling } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { context, votesOf } from "./arms.js";

function served(allocator: Allocator, arms: number, given: Partial<AllocationContext>): number {
  const all = Array.from({ length: arms }, (_, index) => votesOf([2, 1], index));
  const pulls = allocator.allocate(all, { ...context, pulls: 1e6, arms, unitSamples: 4, ...given });
  return pulls.filter((count) => count > 0).length;
}

describe("a round under a limit of concurrency", () => {
  it.each([1, 8, 64, 1000])("serves no more arms than without it, with %i calls at a time", (slots) => {
    for (const arms of [1, 12, 100, 3000]) {
      for (const make of [ucb, voteIndex]) {
        expect(served(make(), arms, { slots })).toBeLessThanOrEqual(served(make(), arms, {}));
      }
    }
    expect(served(ucb(), 12, { slots })).toBe(3);
    expect(served(voteIndex(), 12, { slots })).toBe(1);
  });

  it("is as small for the vote index as still fills the slots, and at least 1% of the arms", () => {
    // Units of 4 bring 2 calls each at once.
    expect(served(voteIndex(), 1000, { slots: 64 })).toBe(32);
    expect(served(voteIndex(), 1000, { slots: 1000 })).toBe(50);
    expect(served(voteIndex(), 1000, { slots: 1 })).toBe(10);
  });

  it("counts calls that bring several responses", () => {
    expect(served(voteIndex(), 2000, { slots: 40, samplesPerCall: 2 })).toBe(40);
    expect(served(voteIndex(), 2000, { slots: 40, samplesPerCall: 4 })).toBe(40);
    expect(served(voteIndex(), 2000, { slots: 40, samplesPerCall: 1 })).toBe(20);
  });

  it("serves the share that was asked for, whatever the limit", () => {
    for (const slots of [1, 64, Infinity]) {
      expect(served(ucb({ roundShare: 0.5 }), 12, { slots })).toBe(6);
      expect(served(voteIndex({ roundShare: 0.5 }), 12, { slots })).toBe(6);
    }
  });

  it("gives hard questions what it gives them without one", async () => {
    const samples = async (maxConcurrency: number | undefined): Promise<number[]> => {
      let count = 0;
      const model = new ScriptedModel(({ question }) => `\\boxed{${Number(question) < 2 ? count++ % 5 : 0}}`);
      const scaled = new DynScaling({ model, budget: { samplesPerInput: 24 } });
      const questions = Array.from({ length: 12 }, (_, place) => String(place));
      return (await scaled.solve(questions, { maxConcurrency })).map((record) => record.samples);
    };
    const free = await samples(undefined);
    expect(free.slice(0, 2)).toEqual([72, 72]);
    expect(await samples(64)).toEqual(free);
  });
});
