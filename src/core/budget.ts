import { OptionError, requireInteger, requireKnownKeys } from "./errors.js";
import type { StopReason, Usage } from "./types.js";

/**
 * What one `batch()` may spend, pooled over its inputs. Any combination of
 * limits; the first one met stops. No limit is ever exceeded.
 */
export interface Budget {
  /** Pool of samples as an average per input: the pool is this times the number of inputs. At least 1. */
  samplesPerInput?: number;
  /** Pool of samples of the whole batch. At least 1 per input. */
  totalSamples?: number;
  /**
   * Pool of output tokens of the whole batch. A call is sent only if its worst
   * case still fits, so `maxOutputTokensPerSample` must be known: it is read
   * from the model's output limit, or given here.
   */
  totalOutputTokens?: number;
  /** Most output tokens that one call can return. Default: the model's own output limit. */
  maxOutputTokensPerSample?: number;
}

/** The paper gives each question 8 samples per unit; two units on average let the bandit choose. */
export const DEFAULT_BUDGET: Budget = { samplesPerInput: 16 };

/** 1.15 samples for each of 100 inputs are 115, not the 114.999… of floating point. */
const ROUNDING = 1e-9;

const LIMITS = ["samplesPerInput", "totalSamples", "totalOutputTokens"] as const;

/** @throws {OptionError} if the budget has no limit, an unknown one, or one out of range */
export function validateBudget(budget: Budget): void {
  requireKnownKeys("budget", budget, [...LIMITS, "maxOutputTokensPerSample"]);
  for (const limit of [...LIMITS, "maxOutputTokensPerSample"] as const) {
    if (budget[limit] === undefined) continue;
    if (limit === "samplesPerInput") requireAverage(budget[limit]);
    else requireInteger(`budget.${limit}`, budget[limit], 1);
  }
  if (LIMITS.every((limit) => budget[limit] === undefined)) {
    throw new OptionError("budget", budget, `Set at least one of ${LIMITS.join(", ")}.`);
  }
  if (budget.totalOutputTokens !== undefined && budget.maxOutputTokensPerSample === undefined) {
    throw new OptionError(
      "budget.maxOutputTokensPerSample",
      undefined,
      "A limit in output tokens needs the worst case of one call: set an output limit on the model (maxTokens or maxOutputTokens) or give it here.",
    );
  }
}

function requireAverage(value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 1) {
    throw new OptionError(
      "budget.samplesPerInput",
      value,
      "Give a number of at least 1; it is an average, so 2.5 is fine.",
    );
  }
}

/** Books what one batch spends. */
export interface Account {
  /** Samples asked for so far: B_used. */
  usedSamples(): number;
  /** Samples that the pool of samples still holds; may be Infinity. */
  samplesLeft(): number;
  /** How many calls may be sent now, all at once, without any limit being exceeded in the worst case. */
  affordable(): number;
  /** Books one finished call. A call of unknown usage is charged its worst case. */
  record(usage: Usage): void;
  /** The limit that stands in the way of one more call; `null` if none does. */
  exhausted(): Exclude<StopReason, "closed"> | null;
}

/**
 * @param inputs number of inputs that share the budget, at least 1
 * @throws {OptionError} if the budget cannot pay for one sample per input
 */
export function openAccount(budget: Budget, inputs: number): Account {
  const sampleLimit = Math.min(
    budget.totalSamples ?? Infinity,
    budget.samplesPerInput === undefined ? Infinity : Math.floor(budget.samplesPerInput * inputs + ROUNDING),
  );
  const tokenLimit = budget.totalOutputTokens ?? Infinity;
  const worstCase = budget.maxOutputTokensPerSample ?? 0;
  if (sampleLimit < inputs) {
    throw new OptionError(
      "budget.totalSamples",
      budget.totalSamples,
      `It cannot pay for one sample for each of the ${inputs} inputs; give at least ${inputs}.`,
    );
  }
  if (tokenLimit < inputs * worstCase) {
    throw new OptionError(
      "budget.totalOutputTokens",
      tokenLimit,
      `One sample for each of the ${inputs} inputs can take ${inputs} x ${worstCase} = ${inputs * worstCase} output tokens; give at least that, or lower the model's output limit.`,
    );
  }
  let usedSamples = 0;
  let usedTokens = 0;
  const samplesLeft = (): number => sampleLimit - usedSamples;
  const callsByTokens = (): number =>
    tokenLimit === Infinity ? Infinity : Math.max(0, Math.floor((tokenLimit - usedTokens) / worstCase));
  return {
    usedSamples: () => usedSamples,
    samplesLeft,
    affordable: () => Math.min(samplesLeft(), callsByTokens()),
    record(usage) {
      usedSamples += 1;
      usedTokens += usage.outputTokens ?? worstCase;
    },
    exhausted: () => (samplesLeft() < 1 ? "samples" : callsByTokens() < 1 ? "outputTokens" : null),
  };
}
