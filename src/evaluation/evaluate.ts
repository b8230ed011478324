import type { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { DynScaling } from "../dynscaling.js";
import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { finalAnswer } from "../extractors/final_answer.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import { partOf, requireJournal } from "../langchain/journal.js";
import type { JournalStore } from "../langchain/journal.js";
import type { ChatLike } from "../langchain/model.js";
import type { Retries } from "../langchain/patience.js";
import type { InputRecord } from "../langchain/record.js";
import { resolveMethod } from "../method.js";
import type { MethodFields } from "../method.js";
import { budgetOf, readCheckpoints } from "./checkpoints.js";
import type { CheckpointOptions } from "./checkpoints.js";
import { questionsHashOf } from "./dataset.js";
import type { Question } from "./dataset.js";
import { readGold } from "./gold.js";
import { requireComplete } from "./incomplete.js";
import type { Run } from "./run.js";
import { runOf } from "./run_of.js";

/** Options of `evaluate()`, besides the budgets. */
export interface EvaluateOptions extends CheckpointOptions {
  /** Any chat model, as for `DynScaling`. */
  model: ChatLike;
  /** What the model is called in the runs; runs of two models are never mixed. Default `null`. */
  modelName?: string;
  /** Questions, at least one; those without a gold answer count in spend and agreement, not in accuracy. */
  dataset: readonly Question[];
  /** Methods by name, as they would be spread into the options of `DynScaling`. */
  methods: Readonly<Record<string, MethodFields>>;
  /** One run of each method for each seed, 0 to 4294967295. Default `[0]`. */
  seeds?: readonly number[];
  /** Reads answers, and the gold answers as well. Default `finalAnswer`. */
  extractor?: AnswerExtractor;
  /**
   * Most output tokens of one call. Where the model does not tell them and this is left
   * out, a budget in tokens goes by the largest response so far, and may be exceeded: see
   * `Budget.maxOutputTokensPerSample`.
   */
  maxOutputTokensPerSample?: number;
  /** Most calls in flight. Default: no limit. */
  maxConcurrency?: number;
  /** How calls are repeated that failed in passing, as for `DynScaling`. */
  retries?: Retries;
  /** Most milliseconds of one call. At least 1. Default: no limit. */
  callTimeoutMs?: number;
  /** Runs that are there already, from an earlier start; they are not made again. */
  finished?: Iterable<Pick<Run, "method" | "seed">>;
  /**
   * Where every response is kept as it arrives, as for `DynScaling`; each method has
   * its own part of it. A run that was cut short then goes on where it stood. Default: none.
   */
  journal?: JournalStore;
  /** Ends the evaluation; runs that were finished before have been yielded. */
  signal?: AbortSignal;
  /** LangChain callbacks of every run, for traces and progress. */
  callbacks?: BaseCallbackHandler[];
}

const OPTIONS = [
  "model",
  "modelName",
  "dataset",
  "methods",
  "seeds",
  "extractor",
  "samplesPerInput",
  "outputTokensPerInput",
  "maxOutputTokensPerSample",
  "maxConcurrency",
  "retries",
  "callTimeoutMs",
  "finished",
  "journal",
  "signal",
  "callbacks",
];

/** One run that is still to be made. */
export interface PlannedRun {
  method: string;
  seed: number;
}

/** The runs that an evaluation is still to make, in order: seed by seed, method by method. */
export function plannedRuns({
  methods,
  seeds = [0],
  finished = [],
}: Pick<EvaluateOptions, "methods" | "seeds" | "finished">): PlannedRun[] {
  const done = new Set(Array.from(finished, ({ method, seed }) => `${seed} ${method}`));
  return seeds
    .flatMap((seed) => Object.keys(methods).map((method) => ({ method, seed })))
    .filter(({ method, seed }) => !done.has(`${seed} ${method}`));
}

/**
 * Compares methods with a live model: each method answers the whole dataset once
 * for each seed, with a shared budget up to the last checkpoint, and is looked at
 * on the way at every earlier one. Yields each run as it ends, so that it can be
 * kept before the next one spends anything. Calls that failed and were replaced are
 * part of a run; a run with a question that was given up is none.
 *
 * @throws {OptionError} before anything is spent, if an option is wrong
 * @throws {IncompleteRunError} at the first run that failures ended before its budget; with
 *   a `journal`, it goes on where it stood when it is asked for again
 * @throws what stopped a run: an abort, or an error with which LangGraph steers
 */
export async function* evaluate(options: EvaluateOptions): AsyncGenerator<Run, void, undefined> {
  requireKnownKeys("evaluate", options, OPTIONS);
  const { model, dataset, methods, seeds = [0], extractor = finalAnswer, journal } = options;
  const { retries, callTimeoutMs } = options;
  if (journal !== undefined) requireJournal(journal);
  const checkpoints = readCheckpoints(options);
  if (dataset.length === 0) throw new OptionError("evaluate.dataset", dataset, "Give at least one question.");
  for (const seed of seeds) requireInteger("evaluate.seeds", seed, 0, 2 ** 32 - 1);
  const budget = budgetOf(checkpoints, dataset.length, options.maxOutputTokensPerSample);
  const planned = plannedRuns(options).map(({ method: name, seed }) => ({
    name,
    method: resolveMethod(methods[name] ?? {}, seed),
    scaled: new DynScaling({
      model,
      budget,
      extractor,
      seed,
      ...(retries && { retries }),
      ...(callTimeoutMs !== undefined && { callTimeoutMs }),
      ...(journal && { journal: partOf(journal, name) }),
      ...methods[name],
    }),
  }));
  const questions = await Promise.all(
    dataset.map(async ({ id, answer }) => ({
      id,
      gold: answer === undefined ? null : await readGold(answer, extractor),
    })),
  );
  const questionsHash = questionsHashOf(dataset);
  for (const { name, method, scaled } of planned) {
    options.signal?.throwIfAborted();
    const startedAt = Date.now();
    const records = await solveAll(scaled, options);
    const seconds = (Date.now() - startedAt) / 1000;
    // Cut short, its budget was another.
    options.signal?.throwIfAborted();
    const ids = dataset.map(({ id }) => id);
    requireComplete({ method: name, seed: method.seed }, ids, records);
    const samples = records.map(({ responses }) => responses);
    const told = { model: options.modelName ?? null, questionsHash, maxConcurrency: options.maxConcurrency };
    yield runOf({ name, method, checkpoints, questions, samples, seconds, ...told });
  }
}

function solveAll(
  scaled: DynScaling,
  { dataset, maxConcurrency, signal, callbacks }: EvaluateOptions,
): Promise<InputRecord[]> {
  return scaled.solve(
    dataset.map(({ question }) => question),
    {
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(signal && { signal }),
      ...(callbacks && { callbacks }),
    },
  );
}
