import { OptionError, asError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { randomStreams } from "../core/random.js";
import type { OpenCall } from "./calls.js";
import { circuitOf } from "./circuit.js";
import { JudgedFailure, classify } from "./failures.js";
import type { Failure } from "./failures.js";

/** Milliseconds; setTimeout() takes no more. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** How often, and for how long, a call that failed is repeated. */
export interface Retries {
  /**
   * Most times that one call is repeated, unless the service asked everybody to slow down:
   * then `maxTotalDelayMs` alone is its limit. At least 0; 0 repeats nothing. Default 6.
   */
  maxRetries?: number;
  /** Milliseconds before the first repetition, doubled before each that follows. 1 to 2147483647. Default 500. */
  firstDelayMs?: number;
  /** Most milliseconds between two, unless the service asks for more. 1 to 2147483647. Default 30,000. */
  maxDelayMs?: number;
  /**
   * Most milliseconds that the repetitions of one call are put off in all. And most that a batch
   * waits for a service that asks everybody to slow down and lets no call succeed: then
   * the batch ends. 0 to 2147483647. Default 300,000.
   */
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

/** What becomes of a call. */
export interface Trip {
  /** Whether the last attempt is on its way, or may have been charged. */
  isSent: boolean;
  /** Attempts before the last that may have been charged. */
  chargedRepeats: number;
}

/** A call that may need several attempts. */
export interface Attempts<Result> extends Trip {
  call: OpenCall;
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
  requireInteger("retries.firstDelayMs", all.firstDelayMs, 1, LONGEST_TIMER_MS);
  requireInteger("retries.maxDelayMs", all.maxDelayMs, 1, LONGEST_TIMER_MS);
  requireInteger("retries.maxTotalDelayMs", all.maxTotalDelayMs, 0, LONGEST_TIMER_MS);
  return all;
}

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
  let since: number | undefined;
  let hasSucceeded = false;
  /** The last word of a service that asked to slow down. */
  let refusal: unknown;
  /** One for all calls: it is said once. */
  let silence: JudgedFailure | undefined;
  return async (attempts) => {
    const { call } = attempts;
    const { signal } = call;
    since ??= performance.now();
    let waitedMs = 0;
    let refusals = 0;
    let failures = 0;
    for (;;) {
      const passage = circuit.tryEnter(signal) ?? (await circuit.enter(signal, since, maxTotalDelayMs));
      if (passage === null) throw (silence ??= silenceOf(refusal, circuit.askedMs, maxTotalDelayMs));
      const { storms } = circuit;
      attempts.isSent = true;
      // Clients leave their listeners behind, and Node warns of too many on one signal.
      const own = refusals + failures === 0 ? signal : AbortSignal.any([signal]);
      try {
        // A client may not hear the signal; its call holds nobody up.
        const result = await call.race(() =>
          callTimeoutMs === undefined ? attempts.attempt(own) : timed(attempts, own, callTimeoutMs),
        );
        hasSucceeded = true;
        passage.end("fine");
        return result;
      } catch (error) {
        // An abort says nothing about the service, nor about what it charges.
        if (signal.aborted) {
          passage.end("failed");
          throw error;
        }
        const failure = classify(error);
        const { isSlowDown, isUnbilled, retryAfterMs = 0 } = failure;
        const delay = Math.max(delayOf(isSlowDown ? refusals++ : failures++), retryAfterMs);
        const askedMs = Math.max(delayOf(storms), retryAfterMs);
        if (isSlowDown) refusal = error;
        passage.end(isSlowDown ? "slow" : "failed", { askedMs, mostMs: maxTotalDelayMs });
        attempts.isSent = !isUnbilled;
        if (failure.treatment === "suspect" && hasSucceeded) throw refusedAlone(error, failure);
        const isRepeatable = failure.treatment === "retry" && (isUnbilled || repeatsUncertain);
        waitedMs += delay;
        const isOver = failures > maxRetries || maxRetries === 0 || waitedMs > maxTotalDelayMs;
        if (!isRepeatable || isOver) throw error;
        if (!isUnbilled) attempts.chargedRepeats += 1;
        // Everybody waits for a slow service: that pause is the circuit's.
        if (!isSlowDown) await pause(delay, signal);
      }
    }
  };
}

/** The service lets nobody call, and nobody would wait for it any longer: the batch ends, and says so once. */
function silenceOf(refusal: unknown, askedMs: number, maxTotalDelayMs: number): JudgedFailure {
  const known = refusal === undefined ? undefined : classify(refusal);
  const detail = refusal === undefined ? "The call was not sent." : `It said: ${asError(refusal).message}`;
  return new JudgedFailure(
    `The service lets no call succeed and asks to wait ${Math.ceil(askedMs)} ms more, too long for retries.maxTotalDelayMs (${maxTotalDelayMs}). ${detail}`,
    {
      kind: known?.kind ?? "rateLimit",
      treatment: "fatal",
      isSlowDown: false,
      isUnbilled: known?.isUnbilled ?? true,
      retryAfterMs: undefined,
    },
    refusal,
  );
}

/** Where other calls succeed, what is wrong is this call. */
function refusedAlone(error: unknown, failure: Failure): JudgedFailure {
  const { message } = asError(error);
  return new JudgedFailure(message, { ...failure, kind: "refused", treatment: "fail" }, error);
}

/** One attempt with a time limit of its own, whose timer does not outlive it. */
async function timed<Result>(
  attempts: Attempts<Result>,
  signal: AbortSignal,
  limitMs: number,
): Promise<Result> {
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
    return await Promise.race([attempts.attempt(AbortSignal.any([signal, late.signal])), limit]);
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
