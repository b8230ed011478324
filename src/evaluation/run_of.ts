import { isRefundable } from "../core/account.js";
import type { Sample } from "../core/types.js";
import type { Checkpoints } from "./checkpoints.js";
import type { Run, RunSample } from "./run.js";
import { electedBefore, standingsOf } from "./standings.js";
import type { RunMethod } from "./standings.js";
import { unitPlanOf } from "./units.js";

/** A run that is over. */
export interface FinishedRun {
  name: string;
  model: string | null;
  method: RunMethod;
  checkpoints: Checkpoints;
  questions: readonly { id: string; gold: string | null }[];
  /** The samples of every question, in the order asked. */
  samples: readonly (readonly Sample[])[];
  /** Wall time. */
  seconds: number;
  questionsHash: string;
  maxConcurrency: number | undefined;
}

/** What the laboratory keeps of a run. */
export function runOf({ name, model, method, checkpoints, questions, samples, ...rest }: FinishedRun): Run {
  const { seconds, questionsHash, maxConcurrency } = rest;
  const standings = standingsOf(samples, checkpoints, method);
  const unitPlan = unitPlanOf(method);
  return {
    method: name,
    seed: method.seed,
    model,
    unit: checkpoints.unit,
    checkpoints: checkpoints.amounts,
    questions: questions.map(({ id, gold }, place) => ({
      id,
      gold,
      standings: standings[place] ?? [],
      samples: (samples[place] ?? []).map(toRunSample),
      electedBefore: electedBefore(samples[place] ?? [], method.voting, method.seed),
    })),
    questionsHash,
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(unitPlan !== undefined && { unitPlan }),
    seconds,
  };
}

/** What it keeps of a sample. */
export function toRunSample(sample: Sample): RunSample {
  const { round, stage, purpose, parents, answer, usage, error, text } = sample;
  return {
    round,
    stage,
    purpose,
    parents,
    answer,
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    failed: error !== undefined,
    ...(isRefundable(sample) && { isRefunded: true as const }),
    ...(purpose === "score" && { text }),
  };
}
