import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { limitsTokens } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";
import { finiteOrNull } from "../core/limits.js";
import { settleAll } from "../core/settle.js";
import { solve } from "../core/solve.js";
import type { Method } from "../core/rounds.js";
import type { Outside, Schedule } from "../core/solve.js";
import type { Arm, Solution, Tally } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { race } from "./calls.js";
import { openForgotten } from "./forgotten.js";
import { generator } from "./generate.js";
import type { AnswerExtractor } from "./generate.js";
import { openJournal } from "./journal.js";
import type { JournalStore } from "./journal.js";
import { openGrouper } from "./grouper.js";
import type { Grouping } from "./grouping.js";
import { questionText, toMessages } from "./messages.js";
import { generationsPerCall } from "./model.js";
import type { ChatLike } from "./model.js";
import { patience } from "./patience.js";
import type { Patience, Retries } from "./patience.js";
import { promptSizes } from "./prompt_tokens.js";
import { abortError, buildRecord } from "./record.js";
import type { InputRecord } from "./record.js";
import { reviewOf } from "./review.js";
import type { ReviewFields } from "./review.js";
import { closeRound, openRound } from "./round_runs.js";
import type { Spend } from "./round_runs.js";
import { closeRun, failRuns, openRun } from "./runs.js";
import type { OpenInput, RunTemplate } from "./runs.js";
import { singleRequests } from "./single_requests.js";
import type { BatchPool } from "./shared_pool.js";
import { stopWhenAborted, stoppingEarly, throwIfAborted, throwIfLost } from "./stops.js";
import { traceIdOf } from "./tracer.js";

/** An input, and the messages it stands for. */
export interface ReadInput {
  input: BaseLanguageModelInput;
  messages: BaseMessage[];
}

/**
 * What `invoke()`, and `batch()` without `returnExceptions`, do when they are aborted, by a
 * signal or a time limit: `throw` the reason, or return the `vote` over what had arrived.
 */
export type OnAbort = "throw" | "vote";

/** A failed step upstream hands its Error on as an input; it stays one. */
export function readInput(input: BaseLanguageModelInput | Error): ReadInput | Error {
  return input instanceof Error ? input : { input, messages: toMessages(input) };
}

/** With `returnExceptions`, an input that cannot be read is an error in its place. */
export function readInputOrError(input: BaseLanguageModelInput | Error): ReadInput | Error {
  try {
    return readInput(input);
  } catch (error) {
    return error as Error;
  }
}

/** One batch, as the Runnable hands it over. */
export interface Batch extends RunTemplate {
  /** An Error is passed through, unspent. */
  inputs: readonly (ReadInput | Error)[];
  /** One per input. */
  configs: readonly RunnableConfig[];
  model: ChatLike;
  budget: Budget;
  extractor: AnswerExtractor;
  /** Whether an extractor that takes its time gets a run of its own for every response. Default true. */
  readingRuns?: boolean;
  method: Method<TurnsPrompt>;
  schedule: Schedule;
  /** Finds out which responses mean the same. Default: those whose answers are equal. */
  grouping?: Grouping | undefined;
  /** When to ask for a person. Default never. */
  review?: ReviewFields | undefined;
  /** Adds to the record of an input before it is shown to anyone. */
  complete?: ((record: InputRecord, tally: Tally) => Promise<InputRecord>) | undefined;
  /** Whether the records must hold every response in full. */
  keepsResponses: boolean;
  /** Throw at the first input that fails, instead of an error in its record. */
  failFast: boolean;
  /** Where the account of the batch is opened. */
  pool: BatchPool;
  maxConcurrency: number | undefined;
  retries: Required<Retries>;
  callTimeoutMs: number | undefined;
  onAbort: OnAbort;
  journal: JournalStore | undefined;
}

/**
 * Solves a batch between two lines of bookkeeping: one run per input is opened
 * before the first call, and each is closed exactly once with its own outcome.
 */
export async function solveBatch(batch: Batch): Promise<(InputRecord | Error)[]> {
  const { configs, batchId, failFast, pool, maxConcurrency: slots = Infinity } = batch;
  const inputs = pool.payable(batch.inputs, configs);
  const asked = inputs.flatMap((each, place) =>
    each instanceof Error ? [] : [{ input: each.input, messages: each.messages, place }],
  );
  if (asked.length === 0) return inputs as Error[];
  const samplesPerCall = generationsPerCall(batch.model);
  const account = pool.open(batch.budget, asked.length, samplesPerCall);
  const open: OpenInput[] = [];
  const stop = new AbortController();
  const throwsOnAbort = failFast && batch.onAbort === "throw";
  /** Whether the vote over what had arrived before the journal was full is what the caller wants. */
  const isKept = (full: Error | undefined): boolean => full !== undefined && batch.onAbort === "vote";
  const totalSamples = finiteOrNull(account.samplesLeft());
  const groups =
    batch.grouping &&
    openGrouper(batch.grouping, {
      ...batch,
      questions: asked.map(({ messages }) => questionText(messages)),
      inputs: open,
      account,
      samplesPerCall,
      stop: stop.signal,
    });
  const spend = (): Spend => ({
    usedSamples: account.usedSamples(),
    totalSamples,
    usedOutputTokens: account.usedOutputTokens(),
    totalOutputTokens: batch.budget.totalOutputTokens ?? null,
    usedCostUsd: account.usedCostUsd(),
    totalCostUsd: batch.budget.totalCostUsd ?? null,
  });
  const inputOf = (arm: Arm): OpenInput => open[arm.index] as OpenInput;
  const forgets = mayForget(batch);
  const forgotten = openForgotten();
  const journal =
    batch.journal &&
    openJournal(
      batch.journal,
      asked.map(({ messages }) => messages),
      { ...batch, samplesPerCall, attempt: pool.attempt, stop },
    );
  try {
    await settleAll(
      asked.map(async (each, index) => {
        open[index] = await openRun(batch, each, configs[each.place] as RunnableConfig);
      }),
    );
    if (!(slots >= 1)) {
      throw new OptionError(
        "maxConcurrency",
        slots,
        "Give a concurrency of at least 1, or none for no limit.",
      );
    }
    const settings = {
      ...batch,
      model: singleRequests(batch.model, limitsTokens(batch.budget)),
      // The schedule itself keeps to its slots.
      maxConcurrency: batch.schedule === "continuous" ? undefined : batch.maxConcurrency,
      stop: stop.signal,
      ask: journal?.ask,
      patience: patienceOf(batch),
    };
    const generate = pool.watching(generator(open, settings));
    const outside: Outside<AIMessage, TurnsPrompt> = {
      generate: stoppingEarly(generate, stop, failFast),
      inputTokens:
        batch.budget.totalCostUsd === undefined ? undefined : promptSizes(batch.model, inputOf, stop.signal),
      ...(groups && { rereads: true, reread: (arm, round) => groups.reread(arm, round) }),
      samplesPerCall,
      slots,
      ...(forgets && { forget: forgotten.add }),
      ...(journal && { owed: (arm: Arm, unit: number) => journal.owed(arm.index, unit) }),
      isOpen: (arm) => !stop.signal.aborted && inputOf(arm).config.signal?.aborted !== true,
      openUnit: (arm, unit) => {
        journal?.openUnit(arm.index, unit);
        return openRound(inputOf(arm), arm, unit);
      },
      closeUnit: (arm, record) => closeRound(inputOf(arm), arm, record, spend),
      afterWave: (arms, fault) => {
        try {
          // Whoever aborted has stopped everything: see `stopWhenAborted`.
          if (throwsOnAbort) stop.signal.throwIfAborted();
          if (failFast && !isKept(journal?.failure())) throwIfLost(arms, stop.signal, fault);
        } catch (error) {
          // What else is in flight is in vain.
          stop.abort(error);
          throw error;
        }
      },
    };
    const unwatch = throwsOnAbort ? stopWhenAborted(open, stop) : () => {};
    const questions = open.map(({ question }) => question);
    const play = async (): Promise<Solution<AIMessage>[]> => {
      // What was decided followed the order of arrival, which is another now.
      if (journal && batch.schedule === "continuous") await race(stop.signal, () => journal.load());
      return solve(questions, batch.method, account, outside, batch.schedule);
    };
    const solutions = await play().finally(unwatch);
    groups?.close();
    const budget = account.report();
    const voted = solutions.map((solution, index) => {
      const { run, config } = open[index] as OpenInput;
      const grouped = groups?.spentOn(solution.arm);
      const ids = { runId: run?.runId ?? null, traceId: traceIdOf(run), batchId };
      const cut = solution.stopReason === "closed" ? journal?.failure() : undefined;
      const elected = groups?.elect(solution) ?? solution;
      const known = cut && !solution.fault ? { ...elected, cut } : elected;
      const record = buildRecord(known, ids, config.signal?.reason, {
        budget,
        grouped,
        forgotten: forgotten.of(solution.arm),
      });
      if (forgets) {
        // There may be millions, and nobody will look at them any more.
        record.responses = [];
        solution.arm.samples = [];
      }
      const isUnasked = record.samples === 0 && stop.signal.aborted;
      return isUnasked ? { ...record, error: abortError(stop.signal.reason) } : record;
    });
    const { complete = (record: InputRecord): InputRecord => record } = batch;
    const completed = async (record: InputRecord, index: number): Promise<InputRecord> => {
      const { tally } = solutions[index] as (typeof solutions)[number];
      return reviewed(await complete(record, tally), batch.review);
    };
    const records = forgets ? voted : await Promise.all(voted.map(completed));
    if (failFast) {
      if (throwsOnAbort && solutions.some(({ stopReason }) => stopReason === "closed")) throwIfAborted(open);
      const lost = records.find(
        ({ error, message }) => error !== null && !(isKept(journal?.failure()) && message !== null),
      );
      if (lost) throw lost.error;
    }
    const closing = open.flatMap((input, index) =>
      input.run ? closeRun(input, records[index] as InputRecord) : [],
    );
    await Promise.all(closing);
    pool.remember(asked.map(({ input }, index) => ({ input, error: records[index]?.error })));
    const results = records.values();
    return inputs.map((input) => (input instanceof Error ? input : (results.next().value as InputRecord)));
  } catch (error) {
    stop.abort(error);
    await failRuns(open, error);
    throw error;
  } finally {
    journal?.close();
    groups?.close();
  }
}

/**
 * Copies, because LangChain writes into the metadata object that it is handed. Metadata of the
 * surrounding run (a node of LangGraph, say) holds where the options have none, as in LangChain.
 */
export function withBatchId(
  options: Partial<RunnableConfig> | Partial<RunnableConfig>[] | undefined,
  batchId: string,
): Partial<RunnableConfig> | Partial<RunnableConfig>[] {
  const implicit: RunnableConfig | undefined = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  const own = (config: Partial<RunnableConfig>): Partial<RunnableConfig> => ({
    ...config,
    metadata: { ...(config.metadata ?? implicit?.metadata), dynscaling_batch_id: batchId },
  });
  return Array.isArray(options) ? options.map(own) : own(options ?? {});
}

/** What may have been charged is repeated only where no limit has to know of it. */
function patienceOf({ model, retries, callTimeoutMs, budget, method }: Batch): Patience {
  return patience({
    model,
    retries,
    callTimeoutMs,
    repeatsUncertain: !limitsTokens(budget),
    seed: method.seed,
  });
}

/** Asks for a review of the completed answer, whose agreement may be another than that of the vote. */
function reviewed(record: InputRecord, rule: ReviewFields | undefined): InputRecord {
  if (rule === undefined) return record;
  const review = reviewOf(rule, record, record.responses);
  if (record.message) record.message.response_metadata.dynscaling.review = review;
  return { ...record, review };
}

/** Whether nobody will see more of a response than its vote and usage, unless it stands for the winner. */
function mayForget({ keepsResponses, grouping, review, complete }: Batch): boolean {
  return !keepsResponses && grouping === undefined && review === undefined && complete === undefined;
}
