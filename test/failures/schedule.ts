import { randomStreams } from "../../src/core/random.js";
import type { Budget } from "../../src/index.js";
import { USAGE } from "../support/faulty_server.js";
import type { Fault, Schedule } from "../support/faulty_server.js";
import { RunCollector } from "../support/run_collector.js";

/** Schedules of each test; `FAULT_RUNS=300` is the long form, which prints what happened. */
export const RUNS: number = Number(process.env["FAULT_RUNS"] ?? 25);

/** Whether to print what happened. */
export const IS_LONG: boolean = RUNS >= 100;

/** Ends a slow loris, and no answer of a machine that is merely busy. */
export const CALL_TIMEOUT_MS = 4000;

/** A handler of this kind makes LangChain's models stream. */
export class StreamingCollector extends RunCollector {
  readonly lc_prefer_streaming = true;
}

const prices = { inputUsdPerMillionTokens: 5, outputUsdPerMillionTokens: 25 };
export const budgets: Budget[] = [
  { totalSamples: 48 },
  { totalOutputTokens: 48 * USAGE.completion_tokens },
  { totalCostUsd: 0.04, prices },
  { totalSamples: 60, totalOutputTokens: 40 * USAGE.completion_tokens, totalCostUsd: 0.05, prices },
];

/** Faults at a rate, of some kinds; a slow loris is rare, for it takes its time. */
export function scheduleOf(seed: number, rate: number, kinds: readonly Fault[]): Schedule {
  const random = randomStreams(seed)();
  return () => {
    const hit = random() < rate;
    const kind = kinds[Math.floor(random() * kinds.length)] ?? null;
    const isRare = random() > 0.04;
    return hit && !(kind === "slow loris" && isRare) ? kind : null;
  };
}

/** US dollars of some calls, at the prices of the budgets. */
export function costOf(inputTokens: number, outputTokens: number): number {
  return (
    (inputTokens * prices.inputUsdPerMillionTokens + outputTokens * prices.outputUsdPerMillionTokens) / 1e6
  );
}
