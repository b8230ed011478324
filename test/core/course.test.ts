import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adaptiveConsistency } from "../../src/allocators/adaptive_consistency.js";
import { topTwoThompson } from "../../src/allocators/top_two_thompson.js";
import { ucb } from "../../src/allocators/ucb.js";
import { uniform } from "../../src/allocators/uniform.js";
import { voteIndex } from "../../src/allocators/vote_index.js";
import { openAccount } from "../../src/core/account.js";
import type { Budget } from "../../src/core/budget.js";
import { randomStreams } from "../../src/core/random.js";
import { solve } from "../../src/core/solve.js";
import type { Allocator, Reply, RoundRecord, Sampler, Solution } from "../../src/core/types.js";
import { independent } from "../../src/samplers/independent.js";
import { allResponses, integrated } from "../../src/samplers/integrated.js";
import { refinement } from "../../src/samplers/refinement.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";
import { VirtualClock } from "../support/virtual_clock.js";

const allocators: Record<string, () => Allocator> = {
  ucb,
  uniform,
  voteIndex,
  "voteIndex at a price": () => voteIndex({ price: 0.004, maxSamples: 20 }),
  adaptiveConsistency: () => adaptiveConsistency({ maxSamples: 12 }),
  topTwoThompson,
};
const samplers: Record<string, () => Sampler<never>> = {
  independent,
  integrated: integrated as () => Sampler<never>,
  "integrated, all responses": () => integrated({ thoughtPool: allResponses }) as Sampler<never>,
  refinement: refinement as () => Sampler<never>,
};

interface World {
  arms: number;
  perInput: number;
  unitSamples: number;
  slots: number;
  samplesPerCall: number;
  allocator: string;
  sampler: string;
  limit: "samples" | "outputTokens" | "cost";
  /** Share of the calls that fail. */
  faults: number;
  /** Share of the arms that are aborted at some time. */
  aborts: number;
  rereads: boolean;
  seed: number;
}

const worlds: fc.Arbitrary<World> = fc
  .record({
    arms: fc.integer({ min: 1, max: 7 }),
    perInput: fc.integer({ min: 1, max: 12 }),
    unitSamples: fc.integer({ min: 1, max: 9 }),
    slots: fc.constantFrom(1, 2, 5, 64, Infinity),
    samplesPerCall: fc.constantFrom(1, 1, 1, 3),
    allocator: fc.constantFrom(...Object.keys(allocators)),
    sampler: fc.constantFrom(...Object.keys(samplers)),
    limit: fc.constantFrom("samples" as const, "samples" as const, "outputTokens" as const, "cost" as const),
    faults: fc.constantFrom(0, 0, 0.1, 0.5),
    aborts: fc.constantFrom(0, 0, 0.3),
    rereads: fc.boolean(),
    seed: fc.nat(),
  })
  .map((world) => ({
    ...world,
    samplesPerCall: world.sampler === "refinement" ? 1 : Math.min(world.samplesPerCall, world.perInput),
  }));

/** `COURSE_RUNS=2000 npx vitest run test/core/course.test.ts` is the long form. */
const RUNS = Number(process.env["COURSE_RUNS"] ?? 150);
const WORST = 40;
const prices = { inputUsdPerMillionTokens: 1e6, outputUsdPerMillionTokens: 1e6 };
const MOST_INPUT = 5;

function budgetOf({ limit, arms, perInput, samplesPerCall }: World): Budget {
  const samples = arms * Math.max(perInput, samplesPerCall);
  const worst = { maxOutputTokensPerSample: WORST };
  if (limit === "samples") return { totalSamples: samples };
  if (limit === "outputTokens") return { totalOutputTokens: samples * WORST, ...worst };
  return { totalCostUsd: samples * (WORST + MOST_INPUT), prices, ...worst };
}

interface Played {
  solutions: Solution[];
  mostInFlight: number;
  sent: number;
  outputTokens: number;
  costUsd: number;
  failed: number;
  opened: string[];
  closed: Map<number, RoundRecord[]>;
  /** Calls in flight, whenever the clock moved on, while the pool still had samples for one. */
  idle: number[];
  samplesLeft: number;
}

async function play(world: World): Promise<Played> {
  const clock = new VirtualClock();
  const random = randomStreams(world.seed)();
  const account = openAccount(budgetOf(world), world.arms, world.samplesPerCall);
  const abortAt = Array.from({ length: world.arms }, () =>
    random() < world.aborts ? random() * 10 : Infinity,
  );
  const played: Played = {
    solutions: [],
    mostInFlight: 0,
    sent: 0,
    outputTokens: 0,
    costUsd: 0,
    failed: 0,
    opened: [],
    closed: new Map(),
    idle: [],
    samplesLeft: 0,
  };
  let inFlight = 0;
  const questions = abortAt.map((_, arm) => `question ${arm % 3}`);
  const solving = solve<unknown, never>(
    questions,
    {
      sampler: samplers[world.sampler]!(),
      allocator: allocators[world.allocator]!(),
      uncertainty: variationRatio,
      voting: majority,
      unitSamples: world.unitSamples,
      seed: world.seed % 1000,
    },
    account,
    {
      samplesPerCall: world.samplesPerCall,
      slots: world.slots,
      rereads: world.rereads,
      inputTokens: world.limit === "cost" ? async () => (await clock.sleep(random()), MOST_INPUT) : undefined,
      isOpen: ({ index }) => clock.now < abortAt[index]!,
      async generate({ index, samples }, { parents, stage }, round): Promise<Reply[]> {
        // Its unit was opened and is not closed.
        expect(played.opened.filter((unit) => unit === `${index}/${round}`)).toHaveLength(1);
        expect(played.closed.get(index)?.some((record) => record.round === round) ?? false).toBe(false);
        for (const parent of parents) expect(samples[parent]?.error).toBeUndefined();
        if (world.sampler === "integrated" && stage === "sequential") {
          expect(new Set(parents.map((parent) => samples[parent]?.round))).toEqual(new Set([round]));
        }
        inFlight += 1;
        played.sent += world.samplesPerCall;
        played.mostInFlight = Math.max(played.mostInFlight, inFlight);
        await clock.sleep(Math.exp(2 * random()));
        inFlight -= 1;
        if (random() < world.faults) {
          played.failed += 1;
          return [{ text: "", answer: null, usage: {}, error: new Error("503"), isUnbilled: true }];
        }
        played.costUsd += MOST_INPUT;
        return Array.from({ length: world.samplesPerCall }, (_, place) => {
          const outputTokens = Math.ceil(random() * WORST);
          played.outputTokens += outputTokens;
          const answer = random() < (1 + index) / 9 ? "b" : random() < 0.1 ? null : "a";
          const inputTokens = place === 0 ? MOST_INPUT : 0;
          return { text: "text", answer, usage: { inputTokens, outputTokens } };
        });
      },
      async reread(arm) {
        await clock.sleep(random());
        return arm.samples;
      },
      async openUnit({ index, inFlight: pulls }, { round }) {
        expect(pulls).toBeGreaterThan(0);
        played.opened.push(`${index}/${round}`);
      },
      async closeUnit({ index }, record) {
        played.closed.set(index, [...(played.closed.get(index) ?? []), record]);
      },
      afterWave() {},
    },
    "continuous",
  );
  played.solutions = await clock.run(solving);
  played.costUsd += played.outputTokens;
  played.samplesLeft = account.samplesLeft();
  expect(account.report().reserved).toMatchObject({ samples: 0, inputTokens: 0, outputTokens: 0 });
  return played;
}

function assertForWorlds(numRuns: number, law: (played: Played, world: World) => void): Promise<void> {
  return fc.assert(
    fc.asyncProperty(worlds, async (world) => law(await play(world), world)),
    { seed: 61, numRuns },
  );
}

describe("the continuous schedule, whatever comes back when", () => {
  it("keeps to its slots and to every limit, and ends with nothing in flight", async () => {
    await assertForWorlds(RUNS, ({ mostInFlight, solutions, outputTokens, costUsd, failed }, world) => {
      expect(mostInFlight).toBeLessThanOrEqual(world.slots);
      const samples = solutions.flatMap(({ arm }) => arm.samples);
      const {
        totalSamples = Infinity,
        totalOutputTokens = Infinity,
        totalCostUsd = Infinity,
      } = budgetOf(world);
      expect(samples.length - failed).toBeLessThanOrEqual(totalSamples);
      expect(outputTokens).toBeLessThanOrEqual(totalOutputTokens);
      expect(costUsd).toBeLessThanOrEqual(totalCostUsd);
      expect(solutions.map(({ arm }) => arm.inFlight)).toEqual(solutions.map(() => 0));
    });
  });

  it("books every reply once, in units that are opened and closed once each", async () => {
    await assertForWorlds(RUNS, ({ sent, failed, solutions, opened, closed }, { samplesPerCall }) => {
      const samples = solutions.flatMap(({ arm }) => arm.samples);
      expect(samples).toHaveLength(sent - failed * (samplesPerCall - 1));
      expect(new Set(opened).size).toBe(opened.length);
      const ended = [...closed].flatMap(([arm, records]) => records.map(({ round }) => `${arm}/${round}`));
      expect(ended.toSorted()).toEqual(opened.toSorted());
      for (const { arm, rounds } of solutions) {
        expect(arm.samples.map(({ index }) => index)).toEqual([...arm.samples.keys()]);
        expect(arm.samples.every(({ parents, index }) => parents.every((parent) => parent < index))).toBe(
          true,
        );
        const own = closed.get(arm.index) ?? [];
        expect(rounds).toEqual(own.filter(({ pulls }) => pulls > 0));
        for (const { round, pulls } of rounds) {
          expect(arm.samples.filter((sample) => sample.round === round)).toHaveLength(pulls);
        }
      }
    });
  });

  it("spends the whole pool unless every question is settled or closed", async () => {
    await assertForWorlds(RUNS, ({ solutions, samplesLeft }, world) => {
      const reasons = new Set(solutions.map(({ stopReason }) => stopReason));
      const isOut =
        world.limit === "samples" &&
        // Not where the allocator gives one arm no more.
        solutions.some(({ stopReason, judgement }) => stopReason === "samples" && !judgement?.isFull);
      expect(isOut ? samplesLeft : 0).toBeLessThan(world.samplesPerCall);
      const stopsEarly = world.allocator === "adaptiveConsistency" || world.allocator.includes("price");
      const isCalm = world.faults === 0 && world.aborts === 0 && !stopsEarly;
      expect([...reasons].filter((reason) => isCalm && reason !== "samples")).toEqual(
        isCalm && world.limit !== "samples" ? [world.limit] : [],
      );
    });
  });

  it("asks the same in a unit, whatever the others did meanwhile", async () => {
    const unitsOf = ({ solutions }: Played): Map<string, string> =>
      new Map(
        solutions.flatMap(({ arm }) =>
          [...new Set(arm.samples.map(({ round }) => round))]
            .toSorted((a, b) => a - b)
            .map((round, unit): [string, string] => {
              const own = arm.samples.filter((sample) => sample.round === round);
              const seen = own.map(({ parents }) =>
                parents.map((each) => own.findIndex(({ index }) => index === each)),
              );
              return [`${arm.index}/${unit}/${own.length}`, JSON.stringify(seen)];
            }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom(1, 64), async (world, slots) => {
        const sound = { ...world, faults: 0, aborts: 0, samplesPerCall: 1, limit: "samples" as const };
        const calm = { ...sound, sampler: "integrated", allocator: "uniform" };
        const first = unitsOf(await play(calm));
        for (const [unit, parents] of unitsOf(await play({ ...calm, slots }))) {
          expect(parents).toBe(first.get(unit) ?? parents);
        }
      }),
      { seed: 62, numRuns: RUNS },
    );
  });
});

describe("questions that answer fast", () => {
  it("do not take the share of those whose first samples are still out", async () => {
    const clock = new VirtualClock();
    const solving = solve<unknown, never>(
      ["fast", "slow"],
      {
        sampler: independent(),
        allocator: uniform(),
        uncertainty: variationRatio,
        voting: majority,
        unitSamples: 1,
        seed: 0,
      },
      openAccount({ totalSamples: 12 }, 2),
      {
        samplesPerCall: 1,
        slots: 5,
        isOpen: () => true,
        async generate({ index }) {
          await clock.sleep(index === 0 ? 1 : 100);
          return [{ text: "text", answer: "a", usage: {} }];
        },
        openUnit: async () => {},
        closeUnit: async () => {},
        afterWave: () => {},
      },
      "continuous",
    );
    const solutions = await clock.run(solving);
    expect(solutions.map(({ arm }) => arm.samples.length)).toEqual([6, 6]);
  });
});
