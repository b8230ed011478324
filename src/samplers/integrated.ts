import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { drawWithoutReplacement } from "../core/random.js";
import type { Arm, Sample, Sampler } from "../core/types.js";
import type { ChainPrompt } from "../prompts/chain_prompt.js";
import { chainTurns } from "../prompts/chain_turns.js";
import { requireThoughtLimit } from "../prompts/cut_thought.js";
import type { CountTokens } from "../prompts/cut_thought.js";
import { guarded } from "../prompts/guarded.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { isQuotable, parallelRequests } from "./requests.js";

/** The responses from which a chain may draw its thoughts. */
export type ThoughtPool = (arm: Arm) => readonly Sample[];

/** Responses to the independent half of the unit being sampled: Algorithm 1 calls Algorithm 2 afresh. */
export const ownUnit: ThoughtPool = (arm) =>
  arm.samples.slice(arm.unitStart).filter(({ stage }) => stage === "parallel");

/** Every response of the arm so far, conditioned ones of earlier units included. */
export const allResponses: ThoughtPool = (arm) =>
  arm.samples.filter(({ stage, index }) => stage === "parallel" || index < arm.unitStart);

/** Options of `integrated()`. */
export interface IntegratedOptions {
  /** Thoughts per chain: k of Algorithm 2. At least 1. Default 4 (section 4.1). */
  thoughtLength?: number;
  /** How the thoughts become turns. Default `guarded`. */
  prompt?: ChainPrompt;
  /**
   * Most tokens of one quoted response; of a longer one its end is quoted, behind a mark.
   * At least 1. A chain then has at most `thoughtLength` times as many, beside the words
   * of the prompt. Default 65,536, counted as bytes: about 16,000 tokens of English.
   */
  maxThoughtTokens?: number;
  /**
   * Counts tokens for `maxThoughtTokens`, for example `(text) => model.getNumTokens(text)`.
   * Default: one for each byte of UTF-8, which is too many for most models and never too few.
   */
  countTokens?: CountTokens;
  /** Which responses a chain may quote. Default `ownUnit`, the letter of the paper. */
  thoughtPool?: ThoughtPool;
}

/**
 * Integrated parallel-sequential sampling: Algorithm 2. Half of a unit is asked
 * independently; then each sample of the other half is asked with a random
 * permutation of k of the independent responses, concatenated.
 *
 * Where the paper is silent: an odd unit has one more independent sample than
 * conditioned ones; thoughts are drawn without replacement, all of them if there
 * are fewer than k; a failed, empty or cut-off response is not quoted; if none
 * can be quoted, the rest of the unit is asked independently.
 *
 * @throws {OptionError} if an option is unknown or out of range, or a template of
 *   `prompt` asks for a variable that it is not given
 */
export function integrated(options: IntegratedOptions = {}): Sampler<TurnsPrompt> {
  requireKnownKeys("integrated", options, [
    "thoughtLength",
    "maxThoughtTokens",
    "countTokens",
    "prompt",
    "thoughtPool",
  ]);
  const { maxThoughtTokens, countTokens } = options;
  const { thoughtLength = 4, prompt = guarded, thoughtPool = ownUnit } = options;
  requireInteger("integrated.thoughtLength", thoughtLength, 1);
  if (typeof thoughtPool !== "function") {
    throw new OptionError("integrated.thoughtPool", thoughtPool, "Give a function, such as allResponses.");
  }
  requireVariables("integrated.prompt.thought", prompt.thought, ["text", "number", "fence"]);
  requireVariables("integrated.prompt.turns", prompt.turns, ["chain", "count", "question"]);
  const limit = { maxThoughtTokens, countTokens };
  requireThoughtLimit("integrated", limit);
  const turns = chainTurns(prompt, limit);
  return {
    name: "integrated",
    ...(thoughtPool === ownUnit && { quotesOwnUnit: true as const }),
    plan(arm, pulls, random) {
      const unit = arm.samples.slice(arm.unitStart);
      const independentHalf = Math.ceil((unit.length + pulls) / 2);
      const missing = independentHalf - unit.filter(({ stage }) => stage === "parallel").length;
      if (missing > 0) return parallelRequests(missing);
      const quotable = thoughtPool(arm).filter(isQuotable);
      if (quotable.length === 0) return parallelRequests(pulls);
      return Array.from({ length: pulls }, () => ({
        stage: "sequential" as const,
        parents: drawWithoutReplacement(quotable, thoughtLength, random).map(({ index }) => index),
        prompt: turns,
      }));
    },
  };
}

/** A template with an unknown variable fails at every call, after half of each unit was paid for. */
function requireVariables(
  option: string,
  template: { inputVariables: readonly unknown[] } | undefined,
  given: readonly string[],
): void {
  const unknown = template?.inputVariables?.find((variable) => !given.includes(String(variable)));
  if (template?.inputVariables === undefined || unknown !== undefined) {
    const fault = unknown === undefined ? template : `{${String(unknown)}}`;
    throw new OptionError(option, fault, `Give a LangChain template of the variables ${given.join(", ")}.`);
  }
}
