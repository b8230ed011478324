import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uniform } from "../../src/allocators/uniform.js";
import { openAccount } from "../../src/core/account.js";
import type { Account } from "../../src/core/account.js";
import { solve } from "../../src/core/solve.js";
import type { Outside, Schedule } from "../../src/core/solve.js";
import type { Allocator, Arm, Reply, Sampler, Solution } from "../../src/core/types.js";
import { independent } from "../../src/samplers/independent.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

const reply: Reply = { text: "t", answer: "a", usage: {} };

interface Parts {
  allocator?: Allocator;
  sampler?: Sampler<never>;
  outside?: Partial<Outside<unknown, never>>;
}

/** Set for the tests that hold for both. */
let schedule: Schedule = "rounds";
const bothSchedules = describe.each<Schedule>(["rounds", "continuous"]);

/** Three questions, units of 2, a pool of 12; `sent` holds the arm of every call. */
async function solved(
  parts: Parts,
  sent: number[] = [],
  account: Account = openAccount({ totalSamples: 12 }, 3),
): Promise<Solution[]> {
  return solve(
    ["q", "r", "s"],
    {
      sampler: parts.sampler ?? independent(),
      allocator: parts.allocator ?? uniform(),
      uncertainty: variationRatio,
      voting: majority,
      unitSamples: 2,
      seed: 0,
    },
    account,
    {
      samplesPerCall: 1,
      slots: Infinity,
      isOpen: parts.outside?.isOpen ?? (() => true),
      openUnit: parts.outside?.openUnit ?? (async () => {}),
      closeUnit: parts.outside?.closeUnit ?? (async () => {}),
      afterWave: parts.outside?.afterWave ?? (() => {}),
      async generate(arm, request, round) {
        sent.push(arm.index);
        return parts.outside?.generate?.(arm, request, round) ?? [reply];
      },
    },
    schedule,
  );
}

/** The same, with what a part threw. */
async function run(...given: Parameters<typeof solved>): Promise<Solution[]> {
  const solutions = await solved(...given);
  const broken = solutions.find(({ fault }) => fault !== undefined);
  if (broken) throw broken.fault;
  return solutions;
}

describe("solve() and the strategies of others", () => {
  it.each([
    [[1, 1]],
    [[1, 1, 1, 1]],
    [[0, 0, 0]],
    [[3, 0, 0]],
    [[-1, 2, 0]],
    [[0.5, 0.5, 0]],
    [[Number.NaN, 1, 0]],
  ])("refuses the allocation %j, before any call is sent for it", async (pulls) => {
    const sent: number[] = [];
    const allocator = { name: "mine", allocate: () => pulls };
    await expect(run({ allocator }, sent)).rejects.toThrow(
      `Allocator "mine" returned [${pulls.join(", ")}] for 3 arms. ` +
        "It must return one whole number from 0 to 2 per arm, with a sum from 1 to 6.",
    );
    expect(sent).toHaveLength(6);
  });

  it("refuses an allocation above what the pool holds", async () => {
    const greedy = { name: "greedy", allocate: () => [2, 2, 2] };
    const short = { name: "short", allocate: () => [1, 0, 0] };
    let round = 0;
    const allocator = { name: "mine", allocate: () => (round++ === 0 ? short : greedy).allocate() };
    await expect(run({ allocator })).rejects.toThrow("with a sum from 1 to 5");
  });

  it.each([0, 3])("refuses a plan of %i requests for 2 pulls", async (count) => {
    const sent: number[] = [];
    const request = { stage: "parallel" as const, parents: [] };
    const sampler = { name: "mine", plan: () => Array.from({ length: count }, () => request) };
    await expect(run({ sampler }, sent)).rejects.toThrow(
      `Sampler "mine" planned ${count} requests for 2 pulls; it must plan from 1 to 2.`,
    );
    expect(sent).toEqual([]);
  });
});

describe("solve() and strategies that return no array", () => {
  it.each([
    [undefined, "undefined"],
    [Promise.resolve([1]), "a promise; it must not be async"],
  ])("says which one it was, and what it returned: %s", async (returned, what) => {
    const allocator = { name: "mine", allocate: () => returned as never };
    await expect(run({ allocator })).rejects.toThrow(
      `Allocator "mine" must return an array; it returned ${what}.`,
    );
    const sampler = { name: "mine", plan: () => returned as never };
    await expect(run({ sampler })).rejects.toThrow(
      `Sampler "mine" must return an array; it returned ${what}.`,
    );
  });
});

bothSchedules("solve() and the outside (%s)", (pace) => {
  beforeEach(() => {
    schedule = pace;
  });
  afterEach(() => {
    schedule = "rounds";
  });

  it("lets every call of the wave come back before it passes a rejection on", async () => {
    const sent: number[] = [];
    let pending = 0;
    const generate = async ({ index }: Arm): Promise<Reply[]> => {
      if (index === 0) throw new Error("no key");
      pending += 1;
      for (let ticks = 0; ticks < 20; ticks++) await Promise.resolve();
      pending -= 1;
      return [reply];
    };
    await expect(run({ outside: { generate } }, sent)).rejects.toThrow("no key");
    expect(pending).toBe(0);
    expect(sent).toHaveLength(6);
  });

  it("sends nothing more once the outside stops it after a wave", async () => {
    const sent: number[] = [];
    const afterWave = (): void => {
      throw new Error("stop");
    };
    await expect(run({ outside: { afterWave } }, sent)).rejects.toThrow("stop");
    expect(sent).toHaveLength(6);
  });

  it.each(["generate", "openUnit", "closeUnit", "afterWave"] as const)(
    "leaves nothing put aside in an account that others draw on, once %s stops it",
    async (door) => {
      const account = openAccount({ totalSamples: 12 }, 3);
      const stop = (): never => {
        throw new Error("enough");
      };
      const outside = { [door]: door === "afterWave" ? stop : async () => stop() };
      await expect(run({ outside }, [], account)).rejects.toThrow("enough");
      expect(account.samplesLeft()).toBe(12 - account.usedSamples());
    },
  );

  it("asks nothing for an arm that is closed from the start, and has no winner there", async () => {
    const sent: number[] = [];
    const solutions = await run({ outside: { isOpen: ({ index }) => index === 2 } }, sent);
    expect(sent).toEqual(Array.from({ length: 12 }, () => 2));
    expect(solutions.map(({ tally }) => tally.winner)).toEqual([null, null, 0]);
    expect(solutions[0]).toMatchObject({ rounds: [], stopReason: "closed", arm: { uncertainty: 1 } });
  });

  it("closes everything when every call fails: four calls each, and nobody wins", async () => {
    const sent: number[] = [];
    const generate = async (): Promise<Reply[]> => [{ ...reply, answer: null, error: new Error("500") }];
    const solutions = await run({ outside: { generate } }, sent);
    expect(sent).toHaveLength(12);
    expect(solutions.map(({ stopReason }) => stopReason)).toEqual(["closed", "closed", "closed"]);
    expect(solutions.map(({ tally }) => tally.winner)).toEqual([null, null, null]);
  });
});

describe("solve() in rounds", () => {
  it("closes each unit it has opened, with what the arm really got", async () => {
    const log: string[] = [];
    await run({
      outside: {
        isOpen: ({ index, samples }) => index !== 1 || samples.length < 1,
        openUnit: async ({ index }, { round, pulls }) => void log.push(`open ${index} ${round}: ${pulls}`),
        closeUnit: async ({ index }, { round, pulls }) => void log.push(`close ${index} ${round}: ${pulls}`),
      },
    });
    const roundsOf = (step: string, arms: number[], round: number, pulls: number): string[] =>
      arms.map((index) => `${step} ${index} ${round}: ${pulls}`);
    expect(log).toEqual(
      [0, 1, 2].flatMap((round) => {
        const arms = round === 0 ? [0, 1, 2] : [0, 2];
        const pulls = round === 2 ? 1 : 2;
        return [...roundsOf("open", arms, round, pulls), ...roundsOf("close", arms, round, pulls)];
      }),
    );
  });

  it("gives the pulls of a closed arm to the others, and records why it got none", async () => {
    const isOpen = ({ index, samples }: Arm): boolean => index !== 1 || samples.length < 2;
    const solutions = await run({ outside: { isOpen } });
    expect(solutions.map(({ arm }) => arm.samples.length)).toEqual([5, 2, 5]);
    expect(solutions.map(({ stopReason }) => stopReason)).toEqual(["samples", "closed", "samples"]);
    expect(solutions[1]?.tally.winner).toBe(0);
  });
});

describe("a part that breaks in the middle", () => {
  it("ends the sampling of its arm, whose samples are still voted on; the others go on", async () => {
    const sampler: Sampler<never> = {
      name: "mine",
      plan(arm, pulls) {
        if (arm.index === 1 && arm.samples.length > 0) throw new Error("no idea");
        return Array.from({ length: pulls }, () => ({ stage: "parallel" as const, parents: [] }));
      },
    };
    const solutions = await solved({ sampler });
    expect(solutions.map(({ arm }) => arm.samples.length)).toEqual([5, 2, 5]);
    expect(solutions.map(({ fault }) => fault?.message)).toEqual([undefined, "no idea", undefined]);
    expect(solutions[1]).toMatchObject({ stopReason: "closed", tally: { winner: 0 } });
  });

  it("loses nobody's samples when it is the allocator, or what says whom it has settled", async () => {
    const allocate = (): never => {
      throw new Error("no idea");
    };
    const isSettled = allocate;
    for (const allocator of [
      { name: "mine", allocate },
      { ...uniform(), isSettled },
    ]) {
      const solutions = await solved({ allocator });
      expect(solutions.map(({ arm }) => arm.samples.length)).toEqual([2, 2, 2]);
      expect(solutions.map(({ tally }) => tally.winner)).toEqual([0, 0, 0]);
      expect(solutions.map(({ fault }) => fault?.message)).toEqual(["no idea", "no idea", "no idea"]);
    }
  });

  it("is told after the wave, so that the outside may stop", async () => {
    const sampler: Sampler<never> = {
      name: "mine",
      plan: (arm) => {
        if (arm.index === 1) throw new Error("no idea");
        return [{ stage: "parallel", parents: [] }];
      },
    };
    const told: (string | undefined)[] = [];
    await solved({ sampler, outside: { afterWave: (_arms, fault) => void told.push(fault?.message) } });
    expect(told[0]).toBe("no idea");
  });
});
