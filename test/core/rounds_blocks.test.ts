import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { openAccount } from "../../src/core/account.js";
import type { Budget } from "../../src/core/budget.js";
import { solve } from "../../src/core/solve.js";
import type { Solution } from "../../src/core/types.js";
import { integrated } from "../../src/samplers/integrated.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

const UNIT = 4;

interface Played {
  /** Answers and chains of every question. */
  samples: string[];
  /** The questions asked, in order, without repetitions of the last. */
  order: number[];
  /** Most responses that were held at the same time. */
  mostHeld: number;
  asked: number;
}

async function play(questions: number, drops: boolean, budget: Budget): Promise<Played> {
  const own = new Map<number, number>();
  const order: number[] = [];
  let [held, mostHeld, asked] = [0, 0, 0];
  const solutions = await solve<string, never>(
    Array.from({ length: questions }, (_, index) => String(index)),
    {
      sampler: integrated() as never,
      allocator: ucb(),
      uncertainty: variationRatio,
      voting: majority,
      unitSamples: UNIT,
      seed: 0,
    },
    openAccount(budget, questions),
    {
      samplesPerCall: 1,
      slots: 64,
      isOpen: () => true,
      generate: async ({ index }) => {
        const call = own.get(index) ?? 0;
        own.set(index, call + 1);
        order.push(index);
        asked += 1;
        held += 1;
        mostHeld = Math.max(mostHeld, held);
        const usage = { outputTokens: 10 };
        return [{ text: `${call}`, message: "m", answer: String((call * 7919) % (1 + (index % 3))), usage }];
      },
      openUnit: async () => {},
      closeUnit: async () => {},
      afterWave: () => {},
      ...(drops && { forget: () => void (held -= 1) }),
    },
    "rounds",
  );
  const told = ({ arm, rounds, tally }: Solution<string>): string =>
    JSON.stringify([
      arm.samples.map(({ answer, parents, round }) => [answer, parents, round]),
      rounds,
      tally,
    ]);
  return { samples: solutions.map(told), order, mostHeld, asked };
}

describe("rounds of a large batch", () => {
  it("hold the responses of a thousand questions, and bring what they bring when all are held", async () => {
    const questions = 9000;
    const all = await play(questions, false, { samplesPerInput: 5 });
    const dropping = await play(questions, true, { samplesPerInput: 5 });
    expect(dropping.samples).toEqual(all.samples);
    expect(all.mostHeld).toBe(questions * 5);
    // Those of one block, and what stays of each question: one response for every answer, and the last round's.
    expect(dropping.mostHeld).toBeLessThanOrEqual(1024 * UNIT + 2 * questions);
  });

  it("ask everyone once before anyone twice where tokens may run out, and in batches of one block", async () => {
    const first = [...Array(5000).keys()];
    const limited = { totalOutputTokens: 5000 * 4 * 10, maxOutputTokensPerSample: 10 };
    expect((await play(5000, true, limited)).order.slice(0, 5000)).toEqual(first);
    const small = await play(1024, true, { samplesPerInput: 4 });
    expect(small.order).toEqual((await play(1024, false, { samplesPerInput: 4 })).order);
    expect(small.order.slice(0, 1024)).toEqual(first.slice(0, 1024));
  });
});
