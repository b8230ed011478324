import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNKNOWN_LIMIT_MARGIN, openAccount, worstCaseOfReply } from "../../src/core/account.js";
import type { Account, Booked, Reservation } from "../../src/core/account.js";
import { randomStreams } from "../../src/core/random.js";

const prices = { inputUsdPerMillionTokens: 3, outputUsdPerMillionTokens: 15 };
const lost = new Error("lost");

/** How a call ends: with this many tokens of its worst case, silently, or without an outcome. */
type End = "all" | "half" | "silent" | "unbilled" | "uncertain";

interface Played {
  /** What the provider really charged, in its worst interpretation. */
  charged: { samples: number; outputTokens: number; costUsd: number };
  sent: number;
}

/** Sends calls, up to `width` at a time, until nothing more fits, and charges what each end says. */
function play(account: Account, width: number, promptTokens: number, ends: readonly End[]): Played {
  const charged = { samples: 0, outputTokens: 0, costUsd: 0 };
  const inFlight: Reservation[] = [];
  let sent = 0;
  for (;;) {
    while (inFlight.length < width) {
      const held = account.reserve(promptTokens);
      if (held === null) break;
      inFlight.push(held);
    }
    const held = inFlight.shift();
    if (held === undefined) return { charged, sent };
    const end = ends[sent++ % ends.length] as End;
    const outputTokens = end === "half" ? Math.floor(held.outputTokens / 2) : held.outputTokens;
    const reply: Booked = {
      usage: end === "all" || end === "half" ? { inputTokens: promptTokens, outputTokens } : {},
      ...((end === "unbilled" || end === "uncertain") && { error: lost, isUnbilled: end === "unbilled" }),
      worstCase: worstCaseOfReply(held, 1),
    };
    account.release(held);
    account.record(reply);
    if (end === "unbilled") continue;
    if (end !== "uncertain") charged.samples += 1;
    charged.outputTokens += outputTokens;
    charged.costUsd +=
      (promptTokens * prices.inputUsdPerMillionTokens + outputTokens * prices.outputUsdPerMillionTokens) /
      1e6;
  }
}

const endsOf = fc.array(fc.constantFrom<End>("all", "half", "half", "silent", "unbilled", "uncertain"), {
  minLength: 1,
  maxLength: 40,
});

describe("a hard budget", () => {
  it.each([1, 64])("is never exceeded with %i calls in flight, however they end", (width) => {
    fc.assert(
      fc.property(
        endsOf,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 500 }),
        (ends, totalSamples, maxOutputTokensPerSample, promptTokens) => {
          const totalOutputTokens = 40 * maxOutputTokensPerSample;
          const totalCostUsd = 0.01;
          const limits = { totalSamples, totalOutputTokens, totalCostUsd, prices, maxOutputTokensPerSample };
          const account = openAccount(limits, 1);
          const { charged, sent } = play(account, width, promptTokens, ends);
          expect(charged.samples).toBeLessThanOrEqual(totalSamples);
          expect(charged.outputTokens).toBeLessThanOrEqual(totalOutputTokens);
          expect(charged.costUsd).toBeLessThanOrEqual(totalCostUsd * (1 + 1e-9));
          expect(sent).toBeLessThanOrEqual(2 * totalSamples);
          const { spent, reserved, excess } = account.report();
          expect(spent.outputTokens + reserved.outputTokens).toBe(charged.outputTokens);
          expect((spent.costUsd ?? 0) + (reserved.costUsd ?? 0)).toBeCloseTo(charged.costUsd, 9);
          expect(excess).toEqual({ inputTokens: 0, outputTokens: 0 });
        },
      ),
      { seed: 51, numRuns: 300 },
    );
  });

  it("in dollars alone counts the prompt too, and stops when the next one does not fit", () => {
    const limits = { totalCostUsd: 0.001, prices, maxOutputTokensPerSample: 10 };
    const account = openAccount(limits, 1);
    // 100 * 3 + 10 * 15 = 450 of 1,000 millionths of a dollar.
    expect([account.reserve(100), account.reserve(100)].map((held) => held?.costUsd)).toEqual([
      450e-6, 450e-6,
    ]);
    expect(account.reserve(100)).toBeNull();
    expect(account.exhausted()).toBe("cost");
    expect(account.report()).toMatchObject({
      planned: { samples: null, outputTokens: null, costUsd: 0.001 },
      spent: { samples: 0, costUsd: 0 },
      reserved: { samples: 2, inputTokens: 200, outputTokens: 20, costUsd: 900e-6 },
    });
  });

  it("reports what a provider charges beyond its own limit, and sends nothing more", () => {
    const account = openAccount({ totalOutputTokens: 100, maxOutputTokensPerSample: 10 }, 1);
    const held = account.reserve(0) as Reservation;
    account.release(held);
    account.record({ usage: { outputTokens: 130 }, worstCase: worstCaseOfReply(held, 1) });
    expect(account.report()).toMatchObject({ spent: { outputTokens: 130 }, excess: { outputTokens: 120 } });
    expect(account.reserve(0)).toBeNull();
  });

  it("where no output limit is known, sends one call alone, then trusts the largest with a margin, and doubles what is in flight", () => {
    const account = openAccount({ totalOutputTokens: 1000 }, 2);
    const first = account.reserve(5) as Reservation;
    expect([first.outputTokens, account.affordable(), account.reserve(5)]).toEqual([1000, 0, null]);
    account.release(first);
    account.record({ usage: { outputTokens: 40 }, worstCase: worstCaseOfReply(first, 1) });
    const sizes: number[] = [1];
    for (let wave = 0; wave < 4; wave++) {
      const held = [];
      for (let next = account.reserve(5); next; next = account.reserve(5)) held.push(next);
      expect(held.map(({ outputTokens }) => outputTokens)).toEqual(held.map(() => 40 * UNKNOWN_LIMIT_MARGIN));
      for (const each of held) {
        account.release(each);
        account.record({ usage: { outputTokens: 40 }, worstCase: worstCaseOfReply(each, 1) });
      }
      sizes.push(held.length);
    }
    // The last one is what still fits.
    expect(sizes).toEqual([1, 1, 2, 4, Math.floor((1000 - 8 * 40) / 80)]);
  });

  it("where output is free and its limit unknown, limits the prompts alone", () => {
    const free = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 0 };
    const account = openAccount({ totalCostUsd: 0.001, prices: free }, 1);
    const held = [account.reserve(400), account.reserve(400), account.reserve(400)];
    expect(held.map((each) => each?.inputTokens)).toEqual([400, 400, undefined]);
    account.release(held[0] as Reservation);
    account.record({
      usage: { inputTokens: 400, outputTokens: 9999 },
      worstCase: worstCaseOfReply(held[0] as Reservation, 1),
    });
    expect(account.report()).toMatchObject({
      spent: { outputTokens: 9999, costUsd: 0.0004 },
      excess: { outputTokens: 0 },
    });
  });

  it("puts attempts aside that had to be repeated and may have been charged", () => {
    const account = openAccount({ totalSamples: 3, maxOutputTokensPerSample: 100, prices }, 1);
    account.record({ usage: { inputTokens: 10, outputTokens: 60 }, chargedRepeats: 2 });
    const costUsd = (2 * (10 * 3 + 100 * 15)) / 1e6;
    expect(account.report()).toMatchObject({
      spent: { samples: 1, outputTokens: 60 },
      reserved: { samples: 0, inputTokens: 20, outputTokens: 200, costUsd },
    });
  });

  it("where no output limit is known, is not exceeded by responses within the margin", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(1, 64), (seed, width) => {
        const random = randomStreams(seed)();
        const account = openAccount({ totalCostUsd: 0.05, prices }, 1);
        const inFlight: Reservation[] = [];
        let largest = 0;
        for (;;) {
          let held = inFlight.length < width ? account.reserve(20) : null;
          for (; held !== null; held = inFlight.length < width ? account.reserve(20) : null)
            inFlight.push(held);
          const next = inFlight.shift();
          if (next === undefined) break;
          const most = largest === 0 ? 50 : Math.min(next.outputTokens, largest * UNKNOWN_LIMIT_MARGIN);
          const outputTokens = 1 + Math.floor(random() * most);
          largest = Math.max(largest, outputTokens);
          account.release(next);
          account.record({
            usage: { inputTokens: 20, outputTokens: Math.min(outputTokens, next.outputTokens) },
            worstCase: worstCaseOfReply(next, 1),
          });
        }
        expect(account.report().spent.costUsd).toBeLessThanOrEqual(0.05 * (1 + 1e-9));
      }),
      { seed: 52, numRuns: 100 },
    );
  });

  it("charges failed calls once as many have given their sample back as the pool holds", () => {
    const account = openAccount({ totalSamples: 3 }, 1);
    for (let call = 0; call < 5; call++) account.record({ usage: {}, error: lost });
    expect([account.usedSamples(), account.affordable()]).toEqual([2, 1]);
  });

  it("gives no sample back for a response that was paid for and could not be used", () => {
    const account = openAccount({ totalSamples: 3 }, 1);
    account.record({ usage: {}, error: lost, message: "an empty one" });
    account.record({ usage: { outputTokens: 9 }, error: lost });
    expect(account.usedSamples()).toBe(2);
  });
});
