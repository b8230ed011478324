import { openAccount } from "../core/account.js";
import { completeBudget, samplePool } from "../core/budget.js";
import { outputLimit } from "../langchain/model.js";
import { resolveMethod } from "../method.js";
import { budgetOf, readCheckpoints } from "./checkpoints.js";
import { plannedRuns } from "./evaluate.js";
import type { EvaluateOptions, PlannedRun } from "./evaluate.js";
import type { KeptSample } from "./kept_samples.js";
import type { Run, RunSample } from "./run.js";
import { unitLength, unitPlanOf } from "./units.js";

/** What the runs that an evaluation is still to make will spend, without what a journal holds. */
export interface EvaluationEstimate {
  runs: number;
  /** Responses that a journal holds for them. */
  keptCalls: number;
  /** Calls of the model, at most; `null` if only tokens limit them. */
  calls: number | null;
  /** Output tokens, at most; `null` if neither the budget nor the model limits them. */
  maxOutputTokens: number | null;
  /**
   * About how many input tokens these calls take if every response that a chain quotes is as
   * long as it may be; `null` if that is not limited, or the chains cannot be foreseen.
   */
  fullInputTokens: number | null;
  /** Responses with known tokens on which what is expected rests. */
  knownResponses: number;
  /** Calls as the runs of the same method suggest, else at most; `null` if no tokens are known. */
  expectedCalls: number | null;
  /** Output tokens by the mean of the same method, else of all; `null` if no tokens are known. */
  expectedOutputTokens: number | null;
  /**
   * Input tokens by the mean of the runs of the same method, else of a question and the
   * responses that a chain quotes; `null` likewise, or if the chains cannot be foreseen.
   */
  expectedInputTokens: number | null;
}

/**
 * Says before an evaluation what it will spend. Nothing is called.
 *
 * @param known runs with the same model, if there are any
 * @param kept what a journal holds for the runs to be made: see `keptSamples()`
 * @throws {OptionError} if a budget is wrong, or does not pay for one call per question
 */
export function estimateEvaluation(
  options: EvaluateOptions,
  known: readonly Run[] = [],
  kept: readonly KeptSample[] = [],
): EvaluationEstimate {
  const { dataset, model, maxOutputTokensPerSample } = options;
  const checkpoints = readCheckpoints(options);
  const inputs = dataset.length;
  const budget = budgetOf(checkpoints, inputs, maxOutputTokensPerSample);
  openAccount(completeBudget(budget, outputLimit(model)), inputs);
  const limit = maxOutputTokensPerSample ?? outputLimit(model) ?? null;
  const total = budget.totalOutputTokens ?? null;
  const pool = finiteOrNull(samplePool(budget, inputs));
  const facts = factsOf(options, known, kept);
  const planned = plannedRuns(options);
  const runs = planned.map((run) => {
    const own = kept.filter(({ method, seed }) => method === run.method && seed === run.seed);
    const keptTokens = own.reduce((sum, { outputTokens }) => sum + (outputTokens ?? 0), 0);
    const calls = pool === null ? null : Math.max(0, pool - own.length);
    const maxOutputTokens = total === null ? product(calls, limit) : Math.max(0, total - keptTokens);
    const foreseen = facts.of(run, pool === null ? null : pool / inputs);
    const whole = foreseen.calls ?? pool ?? (foreseen.output && total ? total / foreseen.output : null);
    const expected = foreseen.output === null || whole === null ? null : Math.max(0, whole - own.length);
    const output = product(expected, foreseen.output);
    return {
      calls,
      maxOutputTokens,
      fullInputTokens: product(calls, foreseen.inputOf(limit)),
      expectedCalls: expected,
      expectedOutputTokens: output === null ? null : Math.min(output, maxOutputTokens ?? Infinity),
      expectedInputTokens: product(expected, foreseen.input),
    };
  });
  const sum = (what: keyof (typeof runs)[number]): number | null => {
    const amounts = runs.map((run) => run[what]);
    const told = amounts.filter((amount) => amount !== null);
    return told.length < amounts.length ? null : Math.round(told.reduce((all, each) => all + each, 0));
  };
  return {
    runs: planned.length,
    keptCalls: kept.length,
    calls: pool === null ? null : sum("calls"),
    maxOutputTokens: sum("maxOutputTokens"),
    fullInputTokens: sum("fullInputTokens"),
    knownResponses: facts.responses,
    expectedCalls: facts.responses === 0 ? null : sum("expectedCalls"),
    expectedOutputTokens: facts.responses === 0 ? null : sum("expectedOutputTokens"),
    expectedInputTokens: facts.responses === 0 ? null : sum("expectedInputTokens"),
  };
}

type Spent = Pick<RunSample, "stage" | "inputTokens" | "outputTokens">;

/** What one run can be expected to take; per call, and `null` where it is not known. */
interface Foreseen {
  /** Of the whole run. */
  calls: number | null;
  output: number | null;
  input: number | null;
  /** Input tokens if a quoted response has that many. */
  inputOf: (quotedTokens: number | null) => number | null;
}

interface Facts {
  responses: number;
  of: (run: PlannedRun, samplesPerInput: number | null) => Foreseen;
}

/** What the responses that are there tell of those to come. */
function factsOf(
  { dataset, methods }: EvaluateOptions,
  known: readonly Run[],
  kept: readonly KeptSample[],
): Facts {
  const spent = known.map(({ method, questions }) => ({
    method,
    samples: questions.flatMap(({ samples }) => samples.filter(({ isRefunded }) => isRefunded !== true)),
  }));
  const all: readonly Spent[] = [...spent.flatMap(({ samples }) => samples), ...kept];
  const alone = all.filter(({ stage }) => stage === "parallel");
  const prompt = meanOf(alone, "inputTokens") ?? promptTokens(dataset.map(({ question }) => question));
  const quoted = meanOf(alone, "outputTokens");
  return {
    responses: all.filter(({ outputTokens }) => outputTokens !== null).length,
    of({ method }, samplesPerInput) {
      const runs = spent.filter((run) => run.method === method && run.samples.length > 0);
      const samples = runs.flatMap((run) => run.samples);
      const own = [...samples, ...kept.filter((sample) => sample.method === method)];
      const { sampler, unitSamples } = resolveMethod(methods[method] ?? {}, 0);
      const unit = Math.min(unitSamples, Math.floor(samplesPerInput ?? unitSamples));
      const quotes = quotesPerCall(unitPlanOf({ sampler, unitSamples: unit }));
      const inputOf = (tokens: number | null): number | null =>
        quotes === 0 ? prompt : quotes === null || tokens === null ? null : prompt + quotes * tokens;
      return {
        calls: runs.length === 0 ? null : samples.length / runs.length,
        output: meanOf(own, "outputTokens") ?? meanOf(all, "outputTokens"),
        // What a journal holds of a run may be the calls that quote nothing.
        input: meanOf(samples, "inputTokens") ?? inputOf(quoted),
        inputOf,
      };
    },
  };
}

/** Bytes of a token, roughly, in what people write. */
const BYTES_PER_TOKEN = 4;

/** Roughly, until a response has told. */
function promptTokens(questions: readonly string[]): number {
  const bytes = questions.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
  return bytes / BYTES_PER_TOKEN / questions.length;
}

/** Responses that a call quotes on average; `null` if the plan is not known. */
function quotesPerCall(plan: string | undefined): number | null {
  if (plan === undefined) return null;
  const quotes = [...plan.matchAll(/ after (\d+) /g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return quotes / unitLength(plan);
}

function meanOf(samples: readonly Spent[], what: "inputTokens" | "outputTokens"): number | null {
  const told = samples.flatMap((sample) => sample[what] ?? []);
  return told.length === 0 ? null : told.reduce((sum, tokens) => sum + tokens, 0) / told.length;
}

function product(count: number | null, each: number | null): number | null {
  return count === null || each === null ? null : count * each;
}

function finiteOrNull(value: number): number | null {
  return value === Infinity ? null : value;
}
