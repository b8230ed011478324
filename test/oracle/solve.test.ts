import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { openAccount } from "../../src/core/account.js";
import type { Budget } from "../../src/core/budget.js";
import { solve } from "../../src/core/solve.js";
import type { Reply, RoundRecord, Solution } from "../../src/core/types.js";
import { allResponses, integrated, ownUnit } from "../../src/samplers/integrated.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";
import { naive } from "./naive.js";
import type { NaiveCall, NaiveReply, NaiveSettings } from "./naive.js";

const answered: fc.Arbitrary<NaiveReply> = fc.record({
  text: fc.constantFrom("worked out", "guessed", " \n"),
  answer: fc.constantFrom("1", "2", "3", null),
  failed: fc.constant(false),
});
const failed: fc.Arbitrary<NaiveReply> = fc.constant({ text: "", answer: null, failed: true });

const mixed = fc.oneof({ weight: 5, arbitrary: answered }, { weight: 1, arbitrary: failed });

/** One stream of replies per arm, read round and round: calm arms, torn arms, arms that always fail. */
function streams(arms: number, reply: fc.Arbitrary<NaiveReply>): fc.Arbitrary<NaiveReply[][]> {
  const stream = fc.oneof(
    { weight: 4, arbitrary: fc.array(reply, { minLength: 1, maxLength: 17 }) },
    { weight: 1, arbitrary: fc.array(reply, { minLength: 1, maxLength: 1 }) },
  );
  return fc.array(stream, { minLength: arms, maxLength: arms });
}

const method = {
  unit: fc.integer({ min: 1, max: 11 }),
  k: fc.integer({ min: 1, max: 6 }),
  c: fc.oneof(fc.constantFrom(0, 0.125, 0.25, 2), fc.double({ min: 0, max: 3, noNaN: true })),
  share: fc.oneof(fc.constantFrom(0.25, 1), fc.double({ min: 0.01, max: 1, noNaN: true })),
  quoteEarlierUnits: fc.boolean(),
  seed: fc.integer(),
};

function scenarios(reply: fc.Arbitrary<NaiveReply>): fc.Arbitrary<NaiveSettings> {
  return fc
    .integer({ min: 1, max: 7 })
    .chain((arms) =>
      fc.record({
        ...method,
        arms: fc.constant(arms),
        total: fc.integer({ min: arms, max: 90 }),
        replies: streams(arms, reply),
      }),
    )
    .map(({ replies, ...rest }) => ({ ...rest, question, reply: readRound(replies) }));
}

function question(i: number): string {
  return `question ${i}`;
}

function readRound(replies: NaiveReply[][]): NaiveSettings["reply"] {
  return (i, n) => {
    const own = replies[i] ?? [];
    return own[n % own.length] as NaiveReply;
  };
}

const paper = { unit: 8, k: 4, c: 0.25, share: 0.25, quoteEarlierUnits: false, seed: 0, question };

interface Observed {
  waves: NaiveCall[][];
  calls: number;
  outputTokens: number;
  /** Units begun, and the records with which they ended, per arm. */
  opened: number[];
  closed: RoundRecord[][];
  solutions: Solution[];
}

/** `tokens(call)` is what call number `call` of the batch generates. */
async function observe(
  settings: NaiveSettings,
  budget: Budget,
  tokens: (call: number) => number | undefined = () => undefined,
): Promise<Observed> {
  const asked = Array.from({ length: settings.arms }, () => 0);
  const seen: Observed = {
    waves: [],
    calls: 0,
    outputTokens: 0,
    opened: asked.map(() => 0),
    closed: asked.map(() => []),
    solutions: [],
  };
  let wave: NaiveCall[] = [];
  seen.solutions = await solve(
    asked.map((_, i) => question(i)),
    {
      sampler: integrated({
        thoughtLength: settings.k,
        thoughtPool: settings.quoteEarlierUnits ? allResponses : ownUnit,
      }),
      allocator: ucb({ explorationRatio: settings.c, roundShare: settings.share }),
      uncertainty: variationRatio,
      voting: majority,
      unitSamples: settings.unit,
      seed: settings.seed,
    },
    openAccount(budget, settings.arms),
    {
      samplesPerCall: 1,
      slots: Infinity,
      isOpen: () => true,
      async generate(arm, { stage, parents }): Promise<Reply[]> {
        wave.push({ arm: arm.index, stage, parents: [...parents] });
        const { failed: error, ...reply } = settings.reply(arm.index, asked[arm.index]!++);
        const outputTokens = tokens(seen.calls++);
        seen.outputTokens += outputTokens ?? 0;
        // Replies come back out of order.
        for (let ticks = (seen.calls * 7) % 5; ticks > 0; ticks--) await Promise.resolve();
        return [{ ...reply, usage: { outputTokens }, ...(error && { error: new Error("503") }) }];
      },
      async openUnit({ index, samples, unitStart }) {
        expect(unitStart).toBe(samples.length);
        seen.opened[index]! += 1;
      },
      async closeUnit({ index }, record) {
        seen.closed[index]!.push(record);
      },
      afterWave() {
        seen.waves.push(wave);
        wave = [];
      },
    },
    "rounds",
  );
  return seen;
}

describe("solve() against a second, naive writing of Algorithms 1 to 3", () => {
  it("agrees call for call, grant for grant and vote for vote", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(mixed), async (settings) => {
        const expected = naive(settings);
        const { waves, solutions, opened, closed } = await observe(settings, {
          totalSamples: settings.total,
        });
        expect(waves).toEqual(expected.waves);
        expect(solutions.map(({ rounds }) => rounds)).toEqual(expected.rounds);
        expect(closed).toEqual(expected.rounds);
        expect(opened).toEqual(closed.map((records) => records.length));
        expect(solutions.map(({ tally }) => tally.votes.map(({ answer, count }) => [answer, count]))).toEqual(
          expected.votes,
        );
        expect(solutions.map(({ tally }) => tally.winner)).toEqual(expected.winners);
        expect(solutions.map(({ stopReason }) => stopReason)).toEqual(expected.stops);
      }),
      { seed: 1, numRuns: 800 },
    );
  });

  it("reads the pool as samples per input times the number of inputs", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(mixed), fc.integer({ min: 4, max: 40 }), async (settings, quarters) => {
        const total = Math.floor((quarters / 4) * settings.arms);
        const { waves } = await observe(settings, { samplesPerInput: quarters / 4 });
        expect(waves).toEqual(naive({ ...settings, total }).waves);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("does the paper's example: units of 8 are 4 independent samples and 4 permutations of them", async () => {
    const { waves } = await observe(
      {
        ...paper,
        arms: 2,
        total: 24,
        reply: (i, n) => ({ text: "t", answer: i === 1 ? String(n) : "7", failed: false }),
      },
      { totalSamples: 24 },
    );
    const shape = waves.map((wave) => wave.map(({ arm, stage }) => `${arm}${stage[0]}`).join(" "));
    expect(shape).toEqual([
      "0p 1p 0p 1p 0p 1p 0p 1p",
      "0s 1s 0s 1s 0s 1s 0s 1s",
      "1p 1p 1p 1p",
      "1s 1s 1s 1s",
    ]);
    const quoted = waves.map((wave) => wave.map(({ parents }) => parents.toSorted((a, b) => a - b).join("")));
    expect(new Set(quoted[1])).toEqual(new Set(["0123"]));
    expect(new Set(quoted[3])).toEqual(new Set(["891011"]));
  });
});

describe("the budget", () => {
  it("is never exceeded by one sample, and used up when nothing fails", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(mixed), scenarios(answered), async (flaky, sound) => {
        const { calls, solutions } = await observe(flaky, { totalSamples: flaky.total });
        const samples = solutions.flatMap(({ arm }) => arm.samples);
        expect(samples.filter(({ error }) => error === undefined).length).toBeLessThanOrEqual(flaky.total);
        // A failed call gives its sample back, as often as the pool holds samples.
        expect(calls).toBeLessThanOrEqual(2 * flaky.total);
        expect((await observe(sound, { totalSamples: sound.total })).calls).toBe(sound.total);
      }),
      { seed: 3, numRuns: 400 },
    );
  });

  const worstCase = 40;
  const sizes = fc.array(fc.integer({ min: 1, max: worstCase }), { minLength: 1, maxLength: 20 });

  it("in output tokens is never exceeded, and spent to within the worst case of one call", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios(answered),
        sizes,
        fc.integer({ min: 0, max: 3000 }),
        async (settings, perCall, extra) => {
          const totalOutputTokens = settings.arms * worstCase + extra;
          const { outputTokens, solutions } = await observe(
            settings,
            { totalOutputTokens, maxOutputTokensPerSample: worstCase },
            (call) => perCall[call % perCall.length],
          );
          expect(outputTokens).toBeLessThanOrEqual(totalOutputTokens);
          expect(totalOutputTokens - outputTokens).toBeLessThan(worstCase);
          for (const { arm, stopReason } of solutions) {
            expect(arm.samples.length).toBeGreaterThan(0);
            expect(stopReason).toBe("outputTokens");
          }
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it("in output tokens charges a call of unknown usage its worst case, a failed one too", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios(mixed),
        scenarios(answered),
        fc.integer({ min: 0, max: 60 }),
        async (flaky, sound, extra) => {
          const affordable = (arms: number): Budget => ({
            totalOutputTokens: (arms + extra) * worstCase + (extra % worstCase),
            maxOutputTokensPerSample: worstCase,
          });
          expect((await observe(sound, affordable(sound.arms))).calls).toBe(sound.arms + extra);
          expect((await observe(flaky, affordable(flaky.arms))).calls).toBeLessThanOrEqual(
            flaky.arms + extra,
          );
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  it("with two limits stops at the one met first", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(answered), fc.integer({ min: 0, max: 60 }), async (settings, extra) => {
        const byTokens = settings.arms + extra;
        const { calls, solutions } = await observe(
          settings,
          {
            totalSamples: settings.total,
            totalOutputTokens: byTokens * worstCase,
            maxOutputTokensPerSample: worstCase,
          },
          () => worstCase,
        );
        expect(calls).toBe(Math.min(settings.total, byTokens));
        const stop = settings.total <= byTokens ? "samples" : "outputTokens";
        expect(new Set(solutions.map(({ stopReason }) => stopReason))).toEqual(new Set([stop]));
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
