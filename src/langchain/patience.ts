import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { randomStreams } from "../core/random.js";
import { circuitOf } from "./circuit.js";
import { classify } from "./failures.js";

/** How often, and for how long, a call that failed is repeated. */
export interface Retries {
  /** Most times that one call is repeated. At least 0; 0 repeats nothing. Default 6. */
  maxRetries?: number;
  /** Milliseconds before the first repetition, doubled before each that follows. At least 1. Default 500. */
  firstDelayMs?: number;
  /** Most milliseconds between two, unless the service asks for more. At least 1. Default 30,000. */
  maxDelayMs?: number;
  /** Most milliseconds that one call waits in all. At least 0. Default 300,000. */
  maxTotalDelayMs?: number;
}

export const DEFAULT_RETRIES: Required<Retries> = {
  maxRetries: 6,
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  maxTotalDelayMs: 300_000,
};

/** What `patience()` needs to know. */
export interface PatienceSettings {
  model: object;
  retries: Required<Retries>;
  /** Most milliseconds of one attempt; `undefined` for no limit of ours. */
  callTimeoutMs: number | undefined;
  /**
   * Whether to repeat a call that the provider may have charged. A budget in tokens or
   * dollars would not hear of the first attempt, so there the sample goes back to the pool.
   */
  repeatsUncertain: boolean;
  seed: number;
}

/** A call that may need several attempts. */
export interface Attempts<Result> {
  signal: AbortSignal;
  /** Whether the last attempt is on its way, or may have been charged. */
  isSent: boolean;
  /** @param signal of this attempt, which may have a time limit of its own */
  attempt(signal: AbortSignal): Promise<Result>;
}

/** Runs a call, again if need be. */
export type Patience = <Result>(call: Attempts<Result>) => Promise<Result>;

/** @throws {OptionError} if one is unknown or out of range */
export function completeRetries(retries: Retries = {}): Required<Retries> {
  requireKnownKeys("retries", retries, Object.keys(DEFAULT_RETRIES));
  const known = Object.entries(retries).filter(([, value]) => value !== undefined);
  const all = { ...DEFAULT_RETRIES, ...Object.fromEntries(known) } as Required<Retries>;
  requireInteger("retries.maxRetries", all.maxRetries, 0);
  requireInteger("retries.firstDelayMs", all.firstDelayMs, 1);
  requireInteger("retries.maxDelayMs", all.maxDelayMs, 1);
  requireInteger("retries.maxTotalDelayMs", all.maxTotalDelayMs, 0);
  return all;
}

/** setTimeout() takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws {OptionError} if it is given and out of range */
export function requireTimeout(value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < 1 || value > LONGEST_TIMER_MS) {
    throw new OptionError("callTimeoutMs", value, `Give whole milliseconds from 1 to ${LONGEST_TIMER_MS}.`);
  }
}

/** A seed of its own: the delays must not repeat the numbers that decide. */
const SALT = 0x9e3779b9;

/** Repeats what failed in passing, with growing, jittered delays; all calls of one model share a circuit. */
export function patience({
  model,
  retries,
  callTimeoutMs,
  repeatsUncertain,
  seed,
}: PatienceSettings): Patience {
  const { maxRetries, firstDelayMs, maxDelayMs, maxTotalDelayMs } = retries;
  const circuit = circuitOf(model);
  const random = randomStreams((seed ^ SALT) >>> 0)();
  /** From half of the doubled delay to all of it. */
  const delayOf = (failures: number): number =>
    Math.min(maxDelayMs, firstDelayMs * 2 ** failures) * (0.5 + random() / 2);
  return async (call) => {
    const { signal } = call;
    let last: unknown;
    let waitedMs = 0;
    for (let failures = 0; ; failures++) {
      const passage = circuit.tryEnter(signal) ?? (await circuit.enter(signal, maxTotalDelayMs - waitedMs));
      if (passage === null)
        throw last ?? new Error(`The service asks to wait ${circuit.pauseMs} ms; the call was not sent.`);
      call.isSent = true;
      try {
        const result = await (callTimeoutMs === undefined
          ? call.attempt(signal)
          : timed(call, callTimeoutMs));
        passage.end("fine");
        return result;
      } catch (error) {
        const failure = classify(error);
        const delay = Math.max(delayOf(failures), failure.retryAfterMs ?? 0);
        passage.end(failure.isSlowDown ? "slow" : "failed", delay);
        // An abort says nothing about the service, nor about what it charges.
        if (signal.aborted) throw error;
        call.isSent = !failure.isUnbilled;
        const isRepeatable = failure.treatment === "retry" && (failure.isUnbilled || repeatsUncertain);
        if (!isRepeatable || failures >= maxRetries || waitedMs + delay > maxTotalDelayMs) throw error;
        last = error;
        // Everybody waits for a slow service: that pause is the circuit's.
        if (!failure.isSlowDown) await pause(delay, signal);
        waitedMs += delay;
      }
    }
  };
}

/** One attempt with a time limit of its own, whose timer does not outlive it. */
async function timed<Result>(call: Attempts<Result>, limitMs: number): Promise<Result> {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A race, because not every client hears the signal.
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`The model did not answer within ${limitMs} ms (callTimeoutMs).`);
      error.name = "TimeoutError";
      reject(error);
      late.abort(error);
    }, limitMs);
  });
  try {
    return await Promise.race([call.attempt(AbortSignal.any([call.signal, late.signal])), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws the reason of the signal */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      settle();
    }, delayMs);
    function end(): void {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
