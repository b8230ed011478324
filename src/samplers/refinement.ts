import { OptionError, requireKnownKeys } from "../core/errors.js";
import type { Arm, Sample, SampleRequest, Sampler } from "../core/types.js";
import { requireThoughtLimit } from "../prompts/cut_thought.js";
import type { CountTokens } from "../prompts/cut_thought.js";
import { critique, grade, revise, wait } from "../prompts/refinement.js";
import { refinementTurns } from "../prompts/refinement_prompt.js";
import type { RefinementPrompt } from "../prompts/refinement_prompt.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { isQuotable, parallelRequests } from "./requests.js";

/** One call of a refinement step. It quotes the chain's current response, and the feedback on it if there is any. */
export interface RefinementStep {
  /** What the call brings; an "answer" becomes the chain's current response. */
  purpose: "answer" | "feedback" | "score";
  prompt: RefinementPrompt;
}

/** SP1: one call with a trigger word. */
export const triggered: readonly RefinementStep[] = [{ purpose: "answer", prompt: wait }];

/** SP2: feedback on the own response, then a refined one. */
export const byFeedback: readonly RefinementStep[] = [
  { purpose: "feedback", prompt: critique },
  { purpose: "answer", prompt: revise },
];

/** SP3: as SP2, then a score of the refined response by the model itself. */
export const byFeedbackScored: readonly RefinementStep[] = [
  ...byFeedback,
  { purpose: "score", prompt: grade },
];

/** Options of `refinement()`. */
export interface RefinementOptions {
  /** The calls that follow the first response of every chain, in order. Default `triggered`. */
  steps?: readonly RefinementStep[];
  /** Most tokens of a quoted response, and of the feedback on it, as for `integrated()`. At least 1. Default 65,536 bytes. */
  maxThoughtTokens?: number;
  /** Counts tokens for `maxThoughtTokens`, as for `integrated()`. Default: one for each byte. */
  countTokens?: CountTokens;
}

/**
 * Sequential refinement: chains of one independent response and the calls of
 * `steps`, each of which quotes what its chain has so far. A unit holds as many
 * whole chains as fit; what is left over is asked independently. The chains of a
 * unit run side by side. For deeper chains repeat the steps.
 *
 * Where the papers are silent: a chain ends early at a failed, empty or cut-off
 * call, and what it would have cost is asked independently.
 *
 * @throws {OptionError} if an option is unknown, `steps` is empty or malformed, or the limit is none
 */
export function refinement(options: RefinementOptions = {}): Sampler<TurnsPrompt> {
  requireKnownKeys("refinement", options, ["steps", "maxThoughtTokens", "countTokens"]);
  const { steps = triggered, ...limit } = options;
  requireSteps(steps);
  requireThoughtLimit("refinement", limit);
  const calls = steps.map(({ purpose, prompt }) => ({ purpose, prompt: refinementTurns(prompt, limit) }));
  return {
    name: "refinement",
    // A second response to the same call would belong to no chain.
    singleResponses: true,
    quotesOwnUnit: true,
    plan(arm, pulls) {
      const unit = arm.samples.slice(arm.unitStart);
      const size = unit.length + pulls;
      const chains = Math.floor(size / (1 + calls.length));
      const heads = unit.filter(({ stage }) => stage === "parallel");
      const missing = size - chains * calls.length - heads.length;
      if (missing > 0) return parallelRequests(missing);
      const requests = heads
        .filter(isQuotable)
        .slice(0, chains)
        .flatMap((head) => nextCall(head, unit, calls) ?? []);
      return requests.length > 0 ? requests.slice(0, pulls) : parallelRequests(pulls);
    },
  };
}

interface PlannedCall {
  purpose: RefinementStep["purpose"];
  prompt: TurnsPrompt;
}

/** The first call of its chain that is still to be sent; `undefined` if the chain is over. */
function nextCall(
  head: Sample,
  unit: Arm["samples"],
  calls: readonly PlannedCall[],
): SampleRequest<TurnsPrompt> | undefined {
  let response = head;
  let feedback: Sample | undefined;
  const used = new Set<number>();
  for (const { purpose, prompt } of calls) {
    const done = unit.find(
      (sample) =>
        sample.stage === "sequential" &&
        sample.purpose === purpose &&
        sample.parents[0] === response.index &&
        !used.has(sample.index),
    );
    if (done === undefined) {
      const parents = [response, ...(feedback ? [feedback] : [])].map(({ index }) => index);
      return { stage: "sequential", purpose, parents, prompt };
    }
    if (!isQuotable(done)) return undefined;
    used.add(done.index);
    if (purpose === "answer") [response, feedback] = [done, undefined];
    if (purpose === "feedback") feedback = done;
  }
  return undefined;
}

function requireSteps(steps: readonly RefinementStep[]): void {
  const known = new Set<unknown>(["answer", "feedback", "score"]);
  const fits = (step: RefinementStep): boolean =>
    known.has(step?.purpose) && typeof step.prompt?.turns?.formatMessages === "function";
  if (!Array.isArray(steps) || steps.length === 0 || !steps.every(fits)) {
    throw new OptionError(
      "refinement.steps",
      steps,
      "Give at least one step, such as those of triggered, byFeedback or byFeedbackScored.",
    );
  }
}
