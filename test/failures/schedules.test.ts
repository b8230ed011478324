import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { boxed } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import { FAULTS, USAGE, serveFaults } from "../support/faulty_server.js";
import type { FaultyServer } from "../support/faulty_server.js";
import { RunCollector } from "../support/run_collector.js";
import { openAIClient } from "../wire/clients.js";
import { addTo, faultTable, newTotals } from "./fault_table.js";
import { checkBrokenOff, checkRecords, lostSamples } from "./invariants.js";
import {
  CALL_TIMEOUT_MS,
  IS_LONG,
  RUNS,
  StreamingCollector,
  budgets,
  costOf,
  scheduleOf,
} from "./schedule.js";

let server: FaultyServer | undefined;
afterEach(() => server?.close());

const runs = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  rate: fc.constantFrom(0, 0.05, 0.2, 0.5),
  kinds: fc.subarray([...FAULTS], { minLength: 1 }),
  budget: fc.constantFrom(...budgets),
  maxConcurrency: fc.constantFrom(1, 8, 64),
  schedule: fc.constantFrom("rounds" as const, "continuous" as const),
  streaming: fc.boolean(),
  /** Requests after which the caller aborts everything. */
  abortAfter: fc.option(fc.integer({ min: 1, max: 40 }), { freq: 3 }),
});

const totals = newTotals();

describe("whatever goes wrong, in whatever order", () => {
  it("no budget is exceeded, no sample lost or counted twice, every run closed once, every vote recounted", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (given) => {
        const { seed, rate, kinds, budget, maxConcurrency, schedule: pace, streaming, abortAfter } = given;
        const stop = new AbortController();
        const schedule = scheduleOf(seed, rate, kinds);
        const own = (server = await serveFaults((index) => {
          if (abortAfter !== null && index >= abortAfter) stop.abort(new Error("enough"));
          return schedule(index);
        }));
        const inputs = ["q0", "q1", "q2", "q3"];
        const collector = streaming ? new StreamingCollector() : new RunCollector();
        const scaled = new DynScaling({
          model: openAIClient(own, { maxTokens: USAGE.completion_tokens }),
          budget,
          extractor: boxed,
          unitSamples: 4,
          schedule: pace,
          seed,
          callTimeoutMs: CALL_TIMEOUT_MS,
          retries: { firstDelayMs: 1, maxDelayMs: 20 },
        });
        const config = { maxConcurrency, signal: stop.signal, callbacks: [collector] };
        const records = await scaled.solve(inputs, config);
        await own.idle();
        checkRecords(inputs, records);
        checkBrokenOff(own, records);
        for (const { ends } of collector.runs) expect(ends).toHaveLength(1);
        const { totalSamples = Infinity, totalOutputTokens = Infinity, totalCostUsd = Infinity } = budget;
        const report = records[0]?.budget;
        expect(report?.spent.samples).toBeLessThanOrEqual(totalSamples);
        // What an answer without a text was charged is known, what a broken one was is put aside.
        const { inputTokens, outputTokens } = own.charged;
        expect(outputTokens).toBeLessThanOrEqual(totalOutputTokens);
        expect(costOf(inputTokens, outputTokens)).toBeLessThanOrEqual(totalCostUsd * (1 + 1e-9));
        // An abort leaves behind what was on its way.
        const lost = abortAfter === null ? lostSamples(own, records) : 0;
        expect(lost).toBeLessThanOrEqual(0);
        addTo(totals, own, 1);
        await own.close();
      }),
      { seed: 55, numRuns: RUNS, endOnFailure: true },
    );
    if (IS_LONG) console.log(faultTable("Batches under random schedules of faults and aborts", totals));
  }, 3_600_000);
});
