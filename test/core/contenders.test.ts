import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adaptiveConsistency } from "../../src/allocators/adaptive_consistency.js";
import { earlyStopping } from "../../src/allocators/early_stopping.js";
import { knowledgeGradient } from "../../src/allocators/knowledge_gradient.js";
import { leaderDoubt } from "../../src/allocators/leader_doubt.js";
import { ucb } from "../../src/allocators/ucb.js";
import { uniform } from "../../src/allocators/uniform.js";
import { voteIndex } from "../../src/allocators/vote_index.js";
import { addSample, measure, openArms } from "../../src/core/arm_state.js";
import type { ArmState, Method } from "../../src/core/arm_state.js";
import { openContenders } from "../../src/core/contenders.js";
import { Heap, Ranks } from "../../src/core/heap.js";
import type { Allocator } from "../../src/core/types.js";
import { independent } from "../../src/samplers/independent.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

const allocators: Record<string, () => Allocator> = {
  ucb,
  "ucb without exploration": () => ucb({ explorationRatio: 0 }),
  uniform,
  voteIndex,
  "voteIndex at a price": () => voteIndex({ price: 0.01, maxSamples: 6 }),
  leaderDoubt,
  knowledgeGradient,
  adaptiveConsistency,
  earlyStopping,
};

/** One thing that happens to one arm, before somebody is chosen. */
const event = fc.record({
  arm: fc.nat(),
  what: fc.constantFrom("sample" as const, "sample" as const, "sample" as const, "close" as const),
  answer: fc.constantFrom("a", "a", "b", "c", null),
  tokens: fc.option(fc.constantFrom(10, 20, 400), { nil: undefined }),
  /** Whether the chosen arm really gets a unit. */
  grant: fc.boolean(),
  /** Whether the mean of all tokens is looked at again. */
  look: fc.boolean(),
});

const course = fc.record({
  arms: fc.integer({ min: 1, max: 9 }),
  unitSamples: fc.integer({ min: 1, max: 3 }),
  events: fc.array(event, { minLength: 1, maxLength: 60 }),
});

function samplesOf({ arm }: ArmState<unknown>): number {
  return arm.samples.length + arm.inFlight;
}

describe.each(Object.entries(allocators))("the next arm of %s", (_name, make) => {
  it("is the one that a look at all arms finds, the earlier input on ties", () => {
    fc.assert(
      fc.property(course, ({ arms, unitSamples, events }) => {
        const allocator = make();
        const uncertainty = variationRatio;
        const method: Method = {
          sampler: independent(),
          allocator,
          uncertainty,
          voting: majority,
          unitSamples,
          seed: 1,
        };
        const states = openArms<unknown>(
          Array.from({ length: arms }, () => "q"),
          method,
        );
        const closed = new Set<number>();
        const may = ({ arm }: ArmState<unknown>): boolean => arm.samples.length > 0 && !closed.has(arm.index);
        const contenders = openContenders(states, method, may);
        let meanOutputTokens: number | null = null;
        for (const { arm: pick, what, answer, tokens, grant, look } of events) {
          const state = states[pick % arms] as ArmState<unknown>;
          if (what === "close") closed.add(state.arm.index);
          else {
            addSample(state, { text: "t", answer, usage: { outputTokens: tokens } }, 0, {
              stage: "parallel",
              parents: [],
            });
            state.arm.inFlight = Math.max(0, state.arm.inFlight - 1);
            measure(state, method);
          }
          // What is closed from outside says nothing.
          if (what !== "close") contenders.touch(state);
          if (look) meanOutputTokens = 40;
          const usedSamples = states.reduce((sum, each) => sum + samplesOf(each), 0);
          const willing = states.filter((each) => may(each) && allocator.isSettled?.(each.arm) !== true);
          const context = {
            usedSamples,
            unitSamples,
            pulls: 100,
            arms: willing.length,
            slots: 4,
            meanOutputTokens,
            random: () => 0,
          };
          const worth = (each: ArmState<unknown>): number =>
            allocator.priority?.(each.arm, context) ?? -samplesOf(each);
          const best = willing.reduce<ArmState<unknown> | undefined>(
            (first, each) => (first === undefined || worth(each) > worth(first) ? each : first),
            undefined,
          );
          const winners = contenders.next(context);
          expect(winners.map((winner) => winner.state.arm.index)).toEqual(best ? [best.arm.index] : []);
          const [winner] = winners;
          expect(winner?.priority ?? null).toBe(best && allocator.priority ? worth(best) : null);
          if (winner && grant) {
            winner.state.arm.inFlight += winner.pulls;
            contenders.touch(winner.state);
          }
        }
      }),
      { seed: 63, numRuns: 300 },
    );
  });
});

describe("a heap", () => {
  it("compares as many arms as its height, not as many as it holds", () => {
    for (const size of [1000, 100_000]) {
      const ranks = new Ranks(size);
      const heap = new Heap(ranks);
      for (let arm = 0; arm < size; arm++) {
        ranks.rank[arm] = (arm * 7919) % 1009;
        heap.add(arm);
      }
      const before = ranks.comparisons;
      for (let change = 0; change < 1000; change++) {
        const arm = change % 2 === 0 ? (heap.top as number) : (change * 104_729) % size;
        heap.remove(arm);
        ranks.rank[arm] = (change * 31) % 1009;
        heap.add(arm);
      }
      const height = Math.ceil(Math.log2(size + 1));
      expect((ranks.comparisons - before) / 1000).toBeLessThanOrEqual(3 * height);
    }
  });

  it("gives its arms in the order of their ranks, earlier inputs first", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }),
        fc.array(fc.nat()),
        (given, out) => {
          const ranks = new Ranks(given.length);
          const heap = new Heap(ranks);
          for (const [arm, rank] of given.entries()) {
            ranks.rank[arm] = rank;
            heap.add(arm);
          }
          const removed = new Set(
            out.map((each) => each % Math.max(1, given.length)).filter((arm) => arm in given),
          );
          for (const arm of removed) heap.remove(arm);
          const left = [...given.keys()].filter((arm) => !removed.has(arm));
          const order: number[] = [];
          for (let top = heap.top; top !== undefined; top = heap.top) {
            order.push(top);
            heap.remove(top);
          }
          expect(order).toEqual(
            left.toSorted((a, b) => (given[b] as number) - (given[a] as number) || a - b),
          );
        },
      ),
      { seed: 64 },
    );
  });
});
