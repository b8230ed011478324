import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { openAccount } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import { isHopeless } from "../core/hopeless.js";
import { solve } from "../core/solve.js";
import type { Method, Outside } from "../core/solve.js";
import type { Arm, Reply } from "../core/types.js";
import type { ChainPrompt } from "../prompts/chain_prompt.js";
import { generator } from "./generate.js";
import type { AnswerExtractor } from "./generate.js";
import { toMessages } from "./messages.js";
import type { ChatLike } from "./model.js";
import { buildRecord } from "./record.js";
import type { InputRecord } from "./record.js";
import { closeRound, closeRun, failRuns, openRound, openRun } from "./runs.js";
import type { OpenInput } from "./runs.js";

type Generate = Outside<AIMessage, ChainPrompt>["generate"];

/** One batch, as the Runnable hands it over. */
export interface Batch {
  /** A failed step upstream hands its Error on as an input: it is passed through, unspent. */
  inputs: readonly (BaseLanguageModelInput | Error)[];
  /** One per input. */
  configs: readonly RunnableConfig[];
  batchId: string;
  model: ChatLike;
  budget: Budget;
  extractor: AnswerExtractor;
  method: Method<ChainPrompt>;
  /** What the runs say of the Runnable that opened them. */
  serialized: Serialized;
  name: string;
  /** Throw at the first input that fails, instead of an error in its record. */
  failFast: boolean;
  maxConcurrency: number | undefined;
}

/**
 * Solves a batch between two lines of bookkeeping: one run per input is opened
 * before the first call, and each is closed exactly once with its own outcome.
 */
export async function solveBatch(batch: Batch): Promise<(InputRecord | Error)[]> {
  const { inputs, configs, batchId, failFast } = batch;
  const asked = inputs.flatMap((input, place) => (input instanceof Error ? [] : [{ input, place }]));
  if (asked.length === 0) return inputs as Error[];
  const account = openAccount(batch.budget, asked.length);
  const messages = asked.map(({ input }) => toMessages(input));
  const open: OpenInput[] = [];
  const stop = new AbortController();
  const inputOf = (arm: Arm): OpenInput => open[arm.index] as OpenInput;
  try {
    await Promise.all(
      asked.map(async ({ input, place }, index) => {
        open[index] = await openRun(
          batch,
          input,
          messages[index] as BaseMessage[],
          configs[place] as RunnableConfig,
        );
      }),
    );
    const generate = generator(open, { ...batch, stop: stop.signal });
    const outside: Outside<AIMessage, ChainPrompt> = {
      generate: stoppingEarly(generate, stop, failFast),
      isOpen: (arm) => inputOf(arm).config.signal?.aborted !== true,
      openUnit: (arm, unit) => openRound(inputOf(arm), arm, unit),
      closeUnit: (arm, record) => closeRound(inputOf(arm), arm, record),
      afterWave: (arms) => {
        if (failFast) throwIfLost(arms, open);
      },
    };
    const unwatch = failFast ? stopWhenAborted(open, stop) : () => {};
    const questions = open.map(({ question }) => question);
    const solving = solve(questions, batch.method, account, outside);
    const solutions = await solving.finally(unwatch);
    const records = solutions.map((solution, index) =>
      buildRecord(solution, open[index]?.run?.runId ?? null, batchId, open[index]?.config.signal?.reason),
    );
    if (failFast) {
      if (solutions.some(({ stopReason }) => stopReason === "closed")) throwIfAborted(open);
      const lost = records.find(({ error }) => error !== null);
      if (lost) throw lost.error;
    }
    await Promise.all(records.map((record, index) => closeRun(open[index] as OpenInput, record)));
    const byPlace = new Map(asked.map(({ place }, index) => [place, records[index] as InputRecord]));
    return inputs.map((input, place) => byPlace.get(place) ?? (input as Error));
  } catch (error) {
    stop.abort(error);
    await failRuns(open, error);
    throw error;
  }
}

/** Copies, because LangChain writes into the metadata object that it is handed. */
export function withBatchId(
  options: Partial<RunnableConfig> | Partial<RunnableConfig>[] | undefined,
  batchId: string,
): Partial<RunnableConfig> | Partial<RunnableConfig>[] {
  const own = (config: Partial<RunnableConfig>): Partial<RunnableConfig> => ({
    ...config,
    metadata: { ...config.metadata, dynscaling_batch_id: batchId },
  });
  return Array.isArray(options) ? options.map(own) : own(options ?? {});
}

/**
 * Without `returnExceptions`, one aborted input ends the batch: no call of the others goes on spending.
 *
 * @throws its reason, if a signal is aborted already
 */
function stopWhenAborted(open: readonly OpenInput[], stop: AbortController): () => void {
  const signals = new Set(open.flatMap(({ config }) => config.signal ?? []));
  const listener = (event: Event): void => stop.abort((event.target as AbortSignal).reason);
  for (const signal of signals) signal.throwIfAborted();
  for (const signal of signals) signal.addEventListener("abort", listener, { once: true });
  return () => signals.forEach((signal) => signal.removeEventListener("abort", listener));
}

/**
 * Stops every other call as soon as the batch is lost: at an error with which
 * LangGraph steers, and, without `returnExceptions`, once an input is hopeless.
 */
function stoppingEarly(generate: Generate, stop: AbortController, failFast: boolean): Generate {
  const replies = new Map<number, Reply[]>();
  const pending = new Map<number, number>();
  const addPending = (arm: number, change: number): number => {
    pending.set(arm, (pending.get(arm) ?? 0) + change);
    return pending.get(arm) as number;
  };
  return async (arm, request) => {
    addPending(arm.index, 1);
    try {
      const reply = await generate(arm, request);
      const known = [...(replies.get(arm.index) ?? []), reply];
      replies.set(arm.index, known);
      const left = addPending(arm.index, -1);
      if (failFast && left === 0 && reply.error && isHopeless(known)) stop.abort(reply.error);
      return reply;
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
}

/** @throws the reason of an abort, or the error of an input that has nothing but failed calls */
function throwIfLost(arms: readonly Arm[], open: readonly OpenInput[]): void {
  throwIfAborted(open);
  const hopeless = arms.find(({ samples }) => isHopeless(samples));
  if (hopeless) throw hopeless.samples[0]?.error;
}

function throwIfAborted(open: readonly OpenInput[]): void {
  for (const { config } of open) config.signal?.throwIfAborted();
}
