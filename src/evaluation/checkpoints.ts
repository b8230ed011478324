import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";
import type { CheckpointUnit } from "./run.js";

/** The budgets at which a run is looked at; exactly one of the two. */
export interface CheckpointOptions {
  /** Samples per question on average, each at least 1. */
  samplesPerInput?: readonly number[];
  /** Output tokens per question on average, each at least 1. */
  outputTokensPerInput?: readonly number[];
}

export interface Checkpoints {
  unit: CheckpointUnit;
  /** Ascending, without repetitions. */
  amounts: readonly number[];
}

/** @throws {OptionError} if neither list is given, both are, or one holds anything but numbers of at least 1 */
export function readCheckpoints(options: CheckpointOptions): Checkpoints {
  const { samplesPerInput, outputTokensPerInput } = options;
  if ((samplesPerInput === undefined) === (outputTokensPerInput === undefined)) {
    throw new OptionError(
      "samplesPerInput",
      samplesPerInput,
      "Give the budgets either as samplesPerInput or as outputTokensPerInput.",
    );
  }
  const [unit, amounts] =
    samplesPerInput === undefined
      ? (["outputTokens", outputTokensPerInput] as const)
      : (["samples", samplesPerInput] as const);
  const option = unit === "samples" ? "samplesPerInput" : "outputTokensPerInput";
  const sound = (amount: unknown): boolean => Number.isFinite(amount) && (amount as number) >= 1;
  if (!Array.isArray(amounts) || amounts.length === 0 || !amounts.every(sound)) {
    throw new OptionError(option, amounts, "Give a list of numbers of at least 1, such as [8, 16, 32].");
  }
  return { unit, amounts: [...new Set(amounts as number[])].toSorted((a, b) => a - b) };
}

/**
 * The budget of a run over `inputs` questions that reaches the last checkpoint.
 *
 * @param maxOutputTokensPerSample most output tokens of one sample, if known
 */
export function budgetOf(
  { unit, amounts }: Checkpoints,
  inputs: number,
  maxOutputTokensPerSample: number | undefined,
): Budget {
  const last = amounts.at(-1) as number;
  if (unit === "samples") return { samplesPerInput: last };
  return {
    totalOutputTokens: Math.floor(last * inputs),
    ...(maxOutputTokensPerSample !== undefined && { maxOutputTokensPerSample }),
  };
}

/** Times the largest budget, up to which a reference is replayed: what uses more tokens a sample stays within. */
const BEYOND = [1.25, 1.5, 2];

/**
 * The same budgets and some beyond both ends, for a method that others are compared with at
 * equal spend: who spends more tokens at equal samples would else have nothing to be
 * compared with at the largest.
 */
export function widened(options: CheckpointOptions): CheckpointOptions {
  const { unit, amounts } = readCheckpoints(options);
  const [first = 1, last = 1] = [amounts[0], amounts.at(-1)];
  const beyond = BEYOND.map((times) => times * last);
  // Half of a budget in tokens may not pay for one call each.
  if (unit === "outputTokens") return { outputTokensPerInput: [...amounts, ...beyond] };
  return { samplesPerInput: [Math.max(1, first / 2), ...amounts, ...beyond] };
}
