import { InMemoryStore } from "@langchain/core/stores";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { boxed } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import { independent, integrated } from "../../src/samplers/index.js";
import { FAULTS, USAGE, serveFaults } from "../support/faulty_server.js";
import type { FaultyServer } from "../support/faulty_server.js";
import { RunCollector } from "../support/run_collector.js";
import { openAIClient } from "../wire/clients.js";
import { addTo, faultTable, newTotals } from "./fault_table.js";
import { checkBrokenOff, checkRecords } from "./invariants.js";
import {
  CALL_TIMEOUT_MS,
  IS_LONG,
  RUNS,
  StreamingCollector,
  budgets,
  costOf,
  scheduleOf,
} from "./schedule.js";
import { idsIn } from "./serials.js";

let server: FaultyServer | undefined;
afterEach(() => server?.close());

const totals = newTotals();
const INPUTS = ["q0", "q1", "q2", "q3"];
const SAMPLERS = { independent, integrated };

const nights = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  rate: fc.constantFrom(0, 0.05, 0.2),
  kinds: fc.subarray([...FAULTS], { minLength: 1 }),
  budget: fc.constantFrom(...budgets),
  maxConcurrency: fc.constantFrom(1, 4, 16),
  streaming: fc.boolean(),
  sampler: fc.constantFrom("independent" as const, "integrated" as const),
  /** Requests after which each start but the last is cut off. */
  cuts: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 }),
});
type Night = typeof nights extends fc.Arbitrary<infer Value> ? Value : never;

/** Starts a batch again and again with one journal, until it is not cut off; each start has a key of its own. */
async function play(night: Night): Promise<void> {
  const { seed, rate, kinds, budget, maxConcurrency, streaming, sampler, cuts } = night;
  const journal = new InMemoryStore<Uint8Array>();
  const schedule = scheduleOf(seed, rate, kinds);
  let until = Infinity;
  let stop = new AbortController();
  const own = (server = await serveFaults((index) => {
    if (index >= until) stop.abort(new Error("cut off"));
    return schedule(index);
  }));
  async function start(key: string, cut: number): Promise<string[]> {
    stop = new AbortController();
    until = own.requests() + cut;
    const collector = streaming ? new StreamingCollector() : new RunCollector();
    const scaled = new DynScaling({
      model: openAIClient(own, { maxTokens: USAGE.completion_tokens, apiKey: key }),
      budget,
      extractor: boxed,
      unitSamples: 4,
      seed,
      sampler: SAMPLERS[sampler](),
      journal,
      callTimeoutMs: CALL_TIMEOUT_MS,
      retries: { firstDelayMs: 1, maxDelayMs: 20 },
    });
    const config = { maxConcurrency, signal: stop.signal, callbacks: [collector] };
    const records = await scaled.solve(INPUTS, config);
    await own.idle();
    checkRecords(INPUTS, records);
    checkBrokenOff(own, records);
    for (const { ends } of collector.runs) expect(ends).toHaveLength(1);
    return records.flatMap(({ responses }) => responses.flatMap(({ message }) => message?.id ?? []));
  }
  for (const [place, cut] of cuts.entries()) await start(`start ${place}`, cut);
  const before = await idsIn(journal);
  const told = await start("last start", Infinity);
  const kept = await idsIn(journal);
  // Each answer that was paid for is there once, in the journal and in a record.
  expect(new Set(kept).size).toBe(kept.length);
  expect(new Set(told).size).toBe(told.length);
  expect(before.filter((id) => !told.includes(id))).toEqual([]);
  expect(told.filter((id) => !kept.includes(id))).toEqual([]);
  // What arrived whole is missing only where it was in flight at a cut.
  const missing = [...own.delivered].filter((serial) => !kept.includes(`chatcmpl-${serial}`));
  expect(missing.length).toBeLessThanOrEqual(cuts.length * maxConcurrency);
  // Over all starts: what the journal had, and all that the last one was charged.
  const { totalSamples = Infinity, totalOutputTokens = Infinity, totalCostUsd = Infinity } = budget;
  const calls = before.length + (own.chargedTo.get("last start") ?? 0);
  expect(kept.length).toBeLessThanOrEqual(totalSamples);
  expect(calls * USAGE.completion_tokens).toBeLessThanOrEqual(totalOutputTokens);
  expect(costOf(calls * USAGE.prompt_tokens, calls * USAGE.completion_tokens)).toBeLessThanOrEqual(
    totalCostUsd * (1 + 1e-9),
  );
  addTo(totals, own, cuts.length + 1);
  await own.close();
}

describe("a batch that is cut off and started again with its journal, whatever goes wrong besides", () => {
  it("keeps one budget over all its starts, and every answer that was paid for once", async () => {
    await fc.assert(fc.asyncProperty(nights, play), { seed: 57, numRuns: RUNS, endOnFailure: true });
    if (IS_LONG) console.log(faultTable("Batches that were cut off and started again", totals));
  }, 3_600_000);
});
