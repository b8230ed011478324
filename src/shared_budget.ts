import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { RunnableConfig } from "@langchain/core/runnables";
import { voteIndex } from "./allocators/vote_index.js";
import type { Budget } from "./core/budget.js";
import { OptionError, requireInteger, requireKnownKeys } from "./core/errors.js";
import { wholeCalls } from "./core/limits.js";
import { openStreamPrice } from "./core/stream_price.js";
import type { OpenQuestion, StreamPrice } from "./core/stream_price.js";
import type { Allocator, Sampler } from "./core/types.js";
import { LONGEST_TIMER_MS } from "./langchain/patience.js";
import type { InputRecord } from "./langchain/record.js";
import { SharedAccount } from "./langchain/shared_pool.js";
import type { BatchPool } from "./langchain/shared_pool.js";
import type { TurnsPrompt } from "./prompts/turns.js";
import { independent } from "./samplers/independent.js";

/** Options of `DynScaling.shared()`. */
export interface SharedFields {
  /**
   * Samples per question on average over the stream, which the price of a sample keeps to;
   * what 40 questions or more have saved lapses. A question counts with what it has paid for,
   * also if it is aborted or fails. At least 1, and no less than what a question takes at
   * first: a unit, or the responses to one request. Default 8, or `maxSamplesPerInput` where that is less.
   */
  samplesPerInput?: number;
  /**
   * The least that the next sample must be worth to the vote to be paid for, whatever was
   * saved before: at most the average, save the rest. At 0.002 an easy question takes two or
   * three samples. At least 0. Default 0: what easy questions leave over is spent, on them too
   * where no others come.
   */
  price?: number;
  /** Most samples of one question. At least `samplesPerInput`. Default 8 times `samplesPerInput`. */
  maxSamplesPerInput?: number;
  /** Most samples of all questions together; a question that finds none left is refused. What a journal replays counts, a question that is asked again in one process too. Default: no limit. */
  totalSamples?: number;
  /** Most output tokens of all questions together, never exceeded where the output limit of a response is known. Default: no limit. */
  totalOutputTokens?: number;
  /** Most US dollars of all questions together, likewise; needs `budget.prices` of the `DynScaling`. Default: no limit. */
  totalCostUsd?: number;
  /** Milliseconds after which a question answers with what it has. 1 to 2147483647. Default: no limit. */
  timeoutMs?: number;
  /**
   * Plans what to ask next. Default `independent()`: conditioned samples need a unit
   * of several before anything can be decided.
   */
  sampler?: Sampler<TurnsPrompt>;
  /** Samples between two decisions. At least 1. Default 1. */
  unitSamples?: number;
}

/** Solves one question with the parts of the `DynScaling` that it comes from. */
export type SolveOne = (
  input: BaseLanguageModelInput,
  config: Partial<RunnableConfig>,
  parts: { pool: BatchPool; allocator: Allocator; sampler: Sampler<TurnsPrompt>; unitSamples: number },
) => Promise<InputRecord>;

/** What the calls draw on. */
export interface SharedBudget {
  account: SharedAccount;
  price: StreamPrice;
  /** Questions that were answered. */
  inputs: number;
  /** Questions that ended without an answer. */
  failedInputs: number;
}

const FIELDS = [
  "samplesPerInput",
  "price",
  "maxSamplesPerInput",
  "totalSamples",
  "totalOutputTokens",
  "totalCostUsd",
  "timeoutMs",
  "sampler",
  "unitSamples",
];

/**
 * Solves one question on what is left of a budget.
 *
 * @throws {OptionError} before anything is spent, if the total is used up
 * @throws the reason of its signal, if it was aborted
 */
export async function solveOne(
  { solve, fields, budget }: { solve: SolveOne; fields: SharedFields; budget: SharedBudget },
  input: BaseLanguageModelInput,
  options: Partial<RunnableConfig> = {},
): Promise<InputRecord> {
  const { sampler = independent(), unitSamples = 1, timeoutMs } = fields;
  const question = budget.account.question();
  const late = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)];
  const signals = [...late, ...(options.signal ? [options.signal] : [])];
  const config = { ...options, ...(signals.length > 0 && { signal: AbortSignal.any(signals) }) };
  const priced = budget.price.begin();
  let isAnswered = false;
  try {
    const allocator = allocatorOf(priced, question.paidSamples);
    const record = await solve(input, config, { pool: question.pool, allocator, sampler, unitSamples });
    options.signal?.throwIfAborted();
    isAnswered = record.message !== null;
    return record;
  } finally {
    question.close();
    // However it ended: what it paid for is spent.
    priced.finish(question.paidSamples() || null);
    if (isAnswered) budget.inputs += 1;
    else budget.failedInputs += 1;
  }
}

/** The price is asked at every decision: what others spend meanwhile counts. */
function allocatorOf(priced: OpenQuestion, paidSamples: () => number): Allocator {
  const atPrice = (): Allocator => voteIndex({ price: priced.now(paidSamples()) });
  return {
    ...voteIndex(),
    isSettled: (arm) => atPrice().isSettled?.(arm) === true,
    judge: (arm) => atPrice().judge?.(arm) ?? { isFull: false },
  };
}

/** @throws {OptionError} if an option is unknown or out of range, or the total cannot pay for one call */
export function openSharedBudget(
  fields: SharedFields,
  limits: { total: Budget; samplesPerCall: number },
): SharedBudget {
  const samplesPerInput = checked(fields, limits.samplesPerCall);
  const { maxSamplesPerInput = Math.ceil(8 * samplesPerInput), price } = fields;
  const account = new SharedAccount({ ...limits, maxSamplesPerInput });
  return { account, price: openStreamPrice(samplesPerInput, price), inputs: 0, failedInputs: 0 };
}

/** @returns the average */
function checked(fields: SharedFields, samplesPerCall: number): number {
  requireKnownKeys("shared", fields, FIELDS);
  const { maxSamplesPerInput: most = Infinity, unitSamples = 1, price = 0, timeoutMs } = fields;
  if (most !== Infinity) requireInteger("shared.maxSamplesPerInput", most, 1);
  requireInteger("shared.unitSamples", unitSamples, 1);
  if (timeoutMs !== undefined) requireInteger("shared.timeoutMs", timeoutMs, 1, LONGEST_TIMER_MS);
  const { samplesPerInput = Math.min(8, most) } = fields;
  if (!Number.isFinite(samplesPerInput) || samplesPerInput < 1) {
    throw new OptionError("shared.samplesPerInput", samplesPerInput, "Give a number of at least 1.");
  }
  if (!Number.isFinite(price) || price < 0) {
    throw new OptionError("shared.price", price, "Give a finite number of at least 0.");
  }
  requireReach(fields, { samplesPerInput, most, unitSamples, samplesPerCall });
  return samplesPerInput;
}

/** @throws {OptionError} if no price can bring the average about */
function requireReach(
  { unitSamples: unit }: SharedFields,
  reach: { samplesPerInput: number; most: number; unitSamples: number; samplesPerCall: number },
): void {
  const { samplesPerInput, most, unitSamples, samplesPerCall } = reach;
  const request = `One request brings ${samplesPerCall} responses`;
  if (samplesPerCall > most) {
    const fix = `${request}; give at least ${samplesPerCall}, or ask for fewer per request.`;
    throw new OptionError("shared.maxSamplesPerInput", most, fix);
  }
  if (wholeCalls(most, samplesPerCall) < samplesPerInput) {
    const calls = samplesPerCall === 1 ? "" : `, in whole requests of ${samplesPerCall} responses`;
    const fix = `The average of ${samplesPerInput} (samplesPerInput) cannot be met below it; give at least that${calls}, or a lower average.`;
    throw new OptionError("shared.maxSamplesPerInput", most, fix);
  }
  const first = Math.ceil(Math.min(unitSamples, most) / samplesPerCall) * samplesPerCall;
  if (first <= samplesPerInput) return;
  if (unit !== undefined && unit > samplesPerInput) {
    const fix = `Every question takes that much at first, so the average of ${samplesPerInput} (samplesPerInput) cannot be met; give at most that, or a higher average.`;
    throw new OptionError("shared.unitSamples", unit, fix);
  }
  const fix = `${request}, and every question takes ${first} at first; give at least that, or ask for fewer per request.`;
  throw new OptionError("shared.samplesPerInput", samplesPerInput, fix);
}
