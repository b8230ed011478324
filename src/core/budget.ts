import { OptionError, requireInteger, requireKnownKeys } from "./errors.js";
import { floorOf } from "./products.js";

/** What tokens cost. A provider that charges less for cached input is charged too much here, never too little. */
export interface Prices {
  /** US dollars per million tokens of a prompt. At least 0. */
  inputUsdPerMillionTokens: number;
  /** US dollars per million tokens of a response, hidden reasoning included. At least 0. */
  outputUsdPerMillionTokens: number;
}

/**
 * What one `batch()` may spend, pooled over its inputs. Any combination of
 * limits; the first one met stops. A call that fails without a response gives its
 * sample back; what it may have been charged stays put aside.
 */
export interface Budget {
  /** Pool of samples as an average per input: the pool is this times the number of inputs. At least 1. */
  samplesPerInput?: number;
  /** Pool of samples of the whole batch. At least 1 per input. */
  totalSamples?: number;
  /**
   * Pool of output tokens of the whole batch. A call is sent only if its worst case
   * still fits beside the worst cases of all calls in flight.
   */
  totalOutputTokens?: number;
  /** Pool of US dollars of the whole batch, above 0; needs `prices`. Likewise. */
  totalCostUsd?: number;
  /** What tokens cost; without `totalCostUsd` the cost is reported and not limited. */
  prices?: Prices;
  /**
   * Most output tokens that one response can have. Default: the model's own output
   * limit. Where neither is known, twice the largest response so far; one call is sent
   * alone until it has told its tokens, and never more at the same time than have told theirs. A limit in
   * tokens or dollars may then be exceeded, by what those in flight return above that:
   * in the worst case by as many of the model's longest responses as had come back before.
   */
  maxOutputTokensPerSample?: number;
}

/** The paper gives each question 8 samples per unit; two units on average let the bandit choose. */
export const DEFAULT_BUDGET: Budget = { samplesPerInput: 16 };

const LIMITS = ["samplesPerInput", "totalSamples", "totalOutputTokens", "totalCostUsd"] as const;

/**
 * Checks a budget and adds the model's output limit to it.
 *
 * @param modelLimit most output tokens of one call, as far as the model tells
 * @throws {OptionError} if the budget has no limit, an unknown one, one out of range, a limit in dollars without prices, or a worst case that the model can exceed
 */
export function completeBudget(budget: Budget, modelLimit: number | undefined): Budget {
  requireKnownKeys("budget", budget, [...LIMITS, "prices", "maxOutputTokensPerSample"]);
  const { samplesPerInput, totalSamples, totalOutputTokens, totalCostUsd, prices } = budget;
  const { maxOutputTokensPerSample = modelLimit } = budget;
  if (samplesPerInput !== undefined) requireAverage(samplesPerInput);
  if (totalSamples !== undefined) requireInteger("budget.totalSamples", totalSamples, 1);
  if (totalOutputTokens !== undefined) requireInteger("budget.totalOutputTokens", totalOutputTokens, 1);
  if (prices !== undefined) requirePrices(prices);
  if (totalCostUsd !== undefined) requireCost(totalCostUsd, prices);
  if (maxOutputTokensPerSample !== undefined) {
    requireInteger("budget.maxOutputTokensPerSample", maxOutputTokensPerSample, modelLimit ?? 1);
  }
  if (LIMITS.every((limit) => budget[limit] === undefined)) {
    throw new OptionError("budget", budget, `Set at least one of ${LIMITS.join(", ")}.`);
  }
  if (maxOutputTokensPerSample === undefined) return budget;
  return { ...budget, maxOutputTokensPerSample };
}

/** Whether tokens or dollars are limited, so that what a call may cost must be known. */
export function limitsTokens({ totalOutputTokens, totalCostUsd }: Budget): boolean {
  return totalOutputTokens !== undefined || totalCostUsd !== undefined;
}

function requireCost(value: unknown, prices: Prices | undefined): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new OptionError("budget.totalCostUsd", value, "Give a number of US dollars above 0.");
  }
  if (prices === undefined) {
    const fix =
      "A limit in dollars needs what tokens cost: give inputUsdPerMillionTokens and outputUsdPerMillionTokens.";
    throw new OptionError("budget.prices", undefined, fix);
  }
  if (prices.inputUsdPerMillionTokens === 0 && prices.outputUsdPerMillionTokens === 0) {
    throw new OptionError(
      "budget.totalCostUsd",
      value,
      "It is never met where tokens cost nothing; leave it out.",
    );
  }
}

function requirePrices(prices: Prices): void {
  const known = ["inputUsdPerMillionTokens", "outputUsdPerMillionTokens"] as const;
  requireKnownKeys("budget.prices", prices, known);
  for (const name of known) {
    const price: unknown = prices[name];
    if (typeof price !== "number" || !Number.isFinite(price) || price < 0) {
      throw new OptionError(
        `budget.prices.${name}`,
        price,
        "Give US dollars per million tokens, at least 0.",
      );
    }
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

/** Samples that the budget grants `inputs` inputs together; Infinity if only tokens limit it. */
export function samplePool(
  { samplesPerInput = Infinity, totalSamples = Infinity }: Budget,
  inputs: number,
): number {
  return Math.min(totalSamples, floorOf(samplesPerInput, inputs));
}

/** @throws {OptionError} if the budget cannot pay for one call per input, as far as that is known */
export function requireOneCallEach(
  budget: Budget,
  inputs: number,
  samplesPerCall: number,
  sampleLimit: number,
): void {
  const samples = inputs * samplesPerCall;
  const each = samplesPerCall === 1 ? "one sample" : `one call of ${samplesPerCall} samples`;
  if (sampleLimit < samples) {
    const option = budget.totalSamples === sampleLimit ? "totalSamples" : "samplesPerInput";
    throw new OptionError(
      `budget.${option}`,
      budget[option],
      `It cannot pay for ${each} for each of the ${inputs} inputs; give at least ${option === "totalSamples" ? samples : samplesPerCall}.`,
    );
  }
  const { totalOutputTokens: tokens = Infinity, maxOutputTokensPerSample: worstCase = 0 } = budget;
  const { totalCostUsd = Infinity, prices } = budget;
  if (tokens < samples * worstCase) {
    throw new OptionError(
      "budget.totalOutputTokens",
      tokens,
      `${each[0]?.toUpperCase()}${each.slice(1)} for each of the ${inputs} inputs can take ${samples} x ${worstCase} = ${samples * worstCase} output tokens; give at least that, or lower the model's output limit.`,
    );
  }
  const costUsd = (samples * worstCase * (prices?.outputUsdPerMillionTokens ?? 0)) / 1e6;
  if (totalCostUsd < costUsd) {
    throw new OptionError(
      "budget.totalCostUsd",
      totalCostUsd,
      `${each[0]?.toUpperCase()}${each.slice(1)} for each of the ${inputs} inputs can cost ${costUsd} dollars in output tokens alone; give more than that, or lower the model's output limit.`,
    );
  }
}
