import { samplePool } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import { finiteOrNull } from "../core/limits.js";

/**
 * What a batch will spend at most. Nothing is called for it.
 *
 * With a limit in tokens or dollars that is all. Where samples alone are limited, it is what
 * the samples take: attempts whose outcome is unknown (they timed out, or broke off) are
 * repeated, and what they may have been charged comes on top, at most `retries.maxRetries`
 * more for each call; `budget.reserved` of the results tells it.
 */
export interface Estimate {
  inputs: number;
  /** Samples paid for; `null` if only tokens or dollars limit them. */
  samples: number | null;
  /** Output tokens; `null` if the output limit of a response is not known: then no limit in tokens is certain. */
  outputTokens: number | null;
  /** US dollars of those output tokens; `null` without prices, or if their number is not known. */
  outputCostUsd: number | null;
  /**
   * US dollars in all, prompts included; `null` without `totalCostUsd`, because what a chain
   * quotes is not known before it was said, and where dollars are spent on output of unknown length.
   */
  costUsd: number | null;
}

/**
 * @param modelLimit most output tokens of one response, as far as the model tells
 * @param inputs number of inputs, at least 1
 */
export function estimateBatch(budget: Budget, modelLimit: number | undefined, inputs: number): Estimate {
  const { totalOutputTokens = Infinity, totalCostUsd = Infinity, prices } = budget;
  const { maxOutputTokensPerSample = modelLimit ?? Infinity } = budget;
  const samples = samplePool(budget, inputs);
  const price = (prices?.outputUsdPerMillionTokens ?? 0) / 1e6;
  const byCost = price > 0 ? Math.floor(totalCostUsd / price) : Infinity;
  const isKnown = maxOutputTokensPerSample < Infinity;
  const outputTokens = isKnown
    ? Math.min(totalOutputTokens, samples * maxOutputTokensPerSample, byCost)
    : Infinity;
  return {
    inputs,
    samples: finiteOrNull(samples),
    outputTokens: finiteOrNull(outputTokens),
    outputCostUsd: prices === undefined ? null : price === 0 ? 0 : finiteOrNull(outputTokens * price),
    costUsd: isKnown || price === 0 ? finiteOrNull(totalCostUsd) : null,
  };
}
