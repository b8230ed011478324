import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { openAccount } from "../../src/core/account.js";
import { randomStreams } from "../../src/core/random.js";
import { solve } from "../../src/core/solve.js";
import type { Solution } from "../../src/core/types.js";
import { integrated } from "../../src/samplers/integrated.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";
import { VirtualClock } from "../support/virtual_clock.js";

const UNIT = 8;

interface World {
  arms: number;
  /** Longest responses that the limit holds per arm. */
  worstPerArm: number;
  worst: number;
  slots: number;
  seed: number;
}

interface Played {
  solutions: Solution[];
  tokens: number;
  limit: number;
  /** Pulls of every unit after the first ones, as it was granted. */
  granted: number[];
}

async function play({ arms, worstPerArm, worst, slots, seed }: World): Promise<Played> {
  const clock = new VirtualClock();
  const random = randomStreams(seed)();
  const limit = arms * worstPerArm * worst;
  const granted: number[] = [];
  let tokens = 0;
  const solving = solve<unknown, never>(
    Array.from({ length: arms }, (_, index) => `question ${index}`),
    {
      sampler: integrated() as never,
      allocator: ucb(),
      uncertainty: variationRatio,
      voting: majority,
      unitSamples: UNIT,
      seed: seed % 1000,
    },
    openAccount({ totalOutputTokens: limit, maxOutputTokensPerSample: worst }, arms),
    {
      samplesPerCall: 1,
      slots,
      isOpen: () => true,
      async generate({ index }) {
        await clock.sleep(1 + random());
        // As models do: far below what they might.
        const outputTokens = Math.ceil((worst * (1 + random())) / 8);
        tokens += outputTokens;
        return [{ text: "t", answer: random() < index / arms ? "b" : "a", usage: { outputTokens } }];
      },
      openUnit: async (_arm, { round, pulls }) => {
        if (round >= arms) granted.push(pulls);
      },
      closeUnit: async () => {},
      afterWave: () => {},
    },
    "continuous",
  );
  return { solutions: await clock.run(solving), tokens, limit, granted };
}

const worlds = fc.record({
  arms: fc.integer({ min: 1, max: 8 }),
  worstPerArm: fc.integer({ min: 1, max: 12 }),
  worst: fc.integer({ min: 1, max: 500 }),
  slots: fc.constantFrom(1, 4, 16, 64, Infinity),
  seed: fc.nat(),
});

describe("units without rounds, under a limit in tokens", () => {
  it("are granted whole, never exceed the limit, and leave less than one worst case", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { solutions, tokens, limit, granted } = await play(world);
        expect(granted.every((pulls) => pulls === UNIT)).toBe(true);
        expect(tokens).toBeLessThanOrEqual(limit);
        expect(limit - tokens).toBeLessThan(world.worst);
        expect(solutions.map(({ stopReason }) => stopReason)).toEqual(solutions.map(() => "outputTokens"));
        expect(solutions.every(({ arm }) => arm.inFlight === 0)).toBe(true);
      }),
      { seed: 65, numRuns: 60 },
    );
  });

  it("hold as many conditioned samples as independent ones while the limit lasts", async () => {
    const { solutions } = await play({ arms: 8, worstPerArm: 8, worst: 400, slots: 64, seed: 1 });
    const later = solutions.flatMap(({ arm }) => arm.samples.filter(({ round }) => round >= 8));
    const conditioned = later.filter(({ stage }) => stage === "sequential").length;
    expect(later.length).toBeGreaterThan(100);
    expect(conditioned / later.length).toBeGreaterThan(0.4);
  });
});
