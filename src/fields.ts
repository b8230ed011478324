import { DEFAULT_BUDGET, completeBudget } from "./core/budget.js";
import type { Budget } from "./core/budget.js";
import { OptionError, requireKnownKeys } from "./core/errors.js";
import type { Schedule } from "./core/solve.js";
import { finalAnswer } from "./extractors/final_answer.js";
import type { Batch, OnAbort } from "./langchain/batch.js";
import type { AnswerExtractor } from "./langchain/generate.js";
import { requireGrouping, wholeText } from "./langchain/grouping.js";
import type { Grouping } from "./langchain/grouping.js";
import { requireJournal } from "./langchain/journal.js";
import type { JournalStore } from "./langchain/journal.js";
import { outputLimit, requireResponsesThatFit, validateModel } from "./langchain/model.js";
import type { ChatLike } from "./langchain/model.js";
import { completeRetries, requireTimeout } from "./langchain/patience.js";
import type { Retries } from "./langchain/patience.js";
import { requireReview } from "./langchain/review.js";
import type { ReviewFields } from "./langchain/review.js";
import { DEFAULT_METHOD, DEFAULT_SCHEDULE, requireFunction, resolveMethod } from "./method.js";
import type { MethodFields } from "./method.js";

/** Options of `DynScaling`. Only `model` is required; the rest are the paper's values. */
export interface DynScalingFields extends MethodFields {
  /** Any chat model, or any Runnable from chat input to a message. It must not have a cache. */
  model: ChatLike;
  /** What one `batch()` may spend, pooled over its inputs. Default 16 samples per input. */
  budget?: Budget;
  /** Reads the answer from a response. Default `finalAnswer`; of a response that calls tools, `toolCalls()`; with `grouping` the whole text. */
  extractor?: AnswerExtractor;
  /** How calls are repeated that failed in passing: rate limits, server errors, lost connections. */
  retries?: Retries;
  /** Most milliseconds of one call; a call that takes longer counts as failed. At least 1. Default: no limit. */
  callTimeoutMs?: number;
  /**
   * When samples are granted. `continuous`: whenever a call may be sent, one is, so that
   * no question waits for the slow calls of another; who gets it depends on what has come
   * back by then. `rounds`: the synchronous rounds of the paper, which repeat themselves
   * call for call with the same seed. A round serves the top share of the questions
   * whatever `maxConcurrency` is, so in small batches fewer calls than that are in flight;
   * `continuous` fills them. Default: see `DEFAULT_SCHEDULE`.
   */
  schedule?: Schedule;
  /** What an abort or a time limit does to `invoke()` and `batch()`. Default `throw`, as everywhere in LangChain. */
  onAbort?: OnAbort;
  /** Lets responses that mean the same vote together: free text. Default: equal answers do. */
  grouping?: Grouping;
  /** Marks results for a person to look at, instead of pretending. Default: none. */
  review?: ReviewFields;
  /** Whole number from 0 to 4294967295; every random choice of ours follows from it. Default 0. */
  seed?: number;
  /**
   * Where every response is kept as soon as it arrives. Started again with the same
   * journal, a batch replays what was paid for and pays for the rest; samples that are
   * replayed count as spent. Any LangChain store of bytes, or `FileJournal` of
   * `langchain-dynscaling/journal`. It holds responses, and of what was asked only
   * hashes. A model with a fixed seed of its own repeats itself after a restart: leave
   * that seed out. Default: none.
   */
  journal?: JournalStore;
}

/** The options of a `DynScaling`, checked and complete: what every batch of it has in common. */
export type DynScalingSettings = Pick<
  Batch,
  | "model"
  | "budget"
  | "extractor"
  | "grouping"
  | "review"
  | "method"
  | "journal"
  | "retries"
  | "callTimeoutMs"
  | "onAbort"
  | "schedule"
>;

const FIELDS = [
  "model",
  "budget",
  "extractor",
  "grouping",
  "review",
  "retries",
  "callTimeoutMs",
  "onAbort",
  "schedule",
  ...Object.keys(DEFAULT_METHOD),
  "seed",
  "journal",
];

/** @throws {OptionError} if an option is unknown, missing or out of range */
export function completeFields(fields: DynScalingFields): DynScalingSettings {
  requireKnownKeys("DynScaling", fields, FIELDS);
  const { model, budget = DEFAULT_BUDGET, grouping, review, journal, seed = 0 } = fields;
  const { extractor = grouping ? wholeText : finalAnswer } = fields;
  validateModel(model);
  if (grouping !== undefined) requireGrouping(grouping, budget);
  if (review !== undefined) requireReview(review);
  requireFunction("extractor", extractor);
  const { callTimeoutMs, onAbort = "throw", schedule = DEFAULT_SCHEDULE } = fields;
  requireTimeout(callTimeoutMs);
  if (onAbort !== "throw" && onAbort !== "vote") {
    throw new OptionError("onAbort", onAbort, 'Give "throw" or "vote".');
  }
  if (schedule !== "rounds" && schedule !== "continuous") {
    throw new OptionError("schedule", schedule, 'Give "rounds" or "continuous".');
  }
  const retries = completeRetries(fields.retries);
  const method = resolveMethod(fields, seed);
  if (journal !== undefined) requireJournal(journal);
  requireResponsesThatFit(method.sampler, model);
  return {
    model,
    budget: completeBudget(budget, outputLimit(model)),
    extractor,
    grouping,
    review,
    method,
    journal,
    retries,
    callTimeoutMs,
    onAbort,
    schedule,
  };
}
