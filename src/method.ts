import { ucb } from "./allocators/ucb.js";
import { OptionError, requireInteger } from "./core/errors.js";
import { randomStreams } from "./core/random.js";
import type { Method } from "./core/rounds.js";
import type { Schedule } from "./core/solve.js";
import type { Allocator, Sampler, UncertaintyMeasure, VotingRule } from "./core/types.js";
import type { TurnsPrompt } from "./prompts/turns.js";
import { integrated } from "./samplers/integrated.js";
import { variationRatio } from "./uncertainty/variation_ratio.js";
import { majority } from "./voting/majority.js";

/** The parts of a method; `langchain-dynscaling/baselines` holds named sets of them. */
export interface MethodFields {
  /** Plans what to ask next. Default `integrated()`, Algorithm 2. */
  sampler?: Sampler<TurnsPrompt>;
  /** Decides who gets the next units. Default `ucb()`, Algorithm 3. */
  allocator?: Allocator;
  /**
   * Measures disagreement, over all responses whoever votes. Default `variationRatio`. It
   * steers `ucb()`; allocators that look at the votes alone, such as `voteIndex()`, and
   * with it `shared()`, leave it to the record.
   */
  uncertainty?: UncertaintyMeasure;
  /** Turns samples into a winner. Default `majority`. */
  voting?: VotingRule;
  /** B_unit: samples per unit, at least 1. Default 8 (section 4.1). */
  unitSamples?: number;
}

/** When samples are granted, unless the user says otherwise. */
export const DEFAULT_SCHEDULE: Schedule = "rounds";

/** The method of the paper, section 4.1. */
export const DEFAULT_METHOD: Required<MethodFields> = {
  sampler: integrated(),
  allocator: ucb(),
  uncertainty: variationRatio,
  voting: majority,
  unitSamples: 8,
};

/** @throws {OptionError} if a part is none, or `unitSamples` or `seed` is out of range */
export function resolveMethod(fields: MethodFields, seed: number): Method<TurnsPrompt> {
  const method: Method<TurnsPrompt> = {
    sampler: fields.sampler ?? DEFAULT_METHOD.sampler,
    allocator: fields.allocator ?? DEFAULT_METHOD.allocator,
    uncertainty: fields.uncertainty ?? DEFAULT_METHOD.uncertainty,
    voting: fields.voting ?? DEFAULT_METHOD.voting,
    unitSamples: fields.unitSamples ?? DEFAULT_METHOD.unitSamples,
    seed,
  };
  requireFunction("sampler.plan", method.sampler.plan);
  requireFunction("allocator.allocate", method.allocator.allocate);
  requireFunction("uncertainty", method.uncertainty);
  requireFunction("voting", method.voting);
  requireInteger("unitSamples", method.unitSamples, 1);
  requireInteger("seed", seed, 0, 2 ** 32 - 1);
  requireVotingRule(method.voting, seed);
  return method;
}

/** @throws {OptionError} unless `value` is a function */
export function requireFunction(option: string, value: unknown): void {
  if (typeof value !== "function")
    throw new OptionError(option, value, "Give a function, or one of the package's own.");
}

/** The vote comes last, when all is paid for: a factory that was not called must not be found then. */
function requireVotingRule(voting: VotingRule, seed: number): void {
  let tally: unknown;
  try {
    tally = voting([], randomStreams(seed)());
  } catch {
    tally = undefined;
  }
  if (!Array.isArray((tally as { votes?: unknown } | undefined)?.votes)) {
    throw new OptionError(
      "voting",
      voting,
      "Give a voting rule, such as majority or majorityOf(); it must take no samples too.",
    );
  }
}
