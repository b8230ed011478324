import { AIMessage } from "@langchain/core/messages";
import type { BudgetReport } from "../core/account.js";
import { joined } from "../core/joined.js";
import type { RoundRecord, Sample, Solution, StopReason, Usage, Vote } from "../core/types.js";
import { shareOf } from "../core/votes.js";
import { classify } from "./failures.js";
import type { FailureKind } from "./failures.js";
import type { GroupingRecord } from "./grouping.js";
import { totalUsage, usageOf } from "./messages.js";
import type { Review } from "./review.js";

/** How often one kind of failure happened to an input. */
export interface FailureCount {
  kind: FailureKind;
  count: number;
}

/** What `message.response_metadata.dynscaling` holds. */
export interface DynScalingMetadata {
  /** Canonical answer that won the vote; `null` if no response had a readable one. */
  answer: string | null;
  /** Every answer that got a vote, most votes first. */
  votes: Vote[];
  /** Disagreement of the answers at the end, in [0, 1]. */
  uncertainty: number;
  /** Samples asked for, failed and unreadable ones included: B_i. */
  samples: number;
  /** Samples whose call failed or returned nothing, or whose extractor threw; a call that was aborted is none. */
  failedSamples: number;
  /** What failed, and how often; the sum is `failedSamples`. */
  failures: FailureCount[];
  /** Output tokens that the provider reported above what its calls were sent with; part of `outputTokens`. */
  excessOutputTokens: number;
  /** Samples that an earlier run paid for and the journal held; they count in all other figures too. */
  replayedSamples: number;
  /** Responses without a readable answer, where one was asked for. */
  unparsedSamples: number;
  /** Summed over the responses that reported usage; `null` if none did. */
  inputTokens: number | null;
  /** Likewise; hidden reasoning included. */
  outputTokens: number | null;
  /** Those of `inputTokens` that providers read from their caches of prompts; `null` if none told. */
  cachedInputTokens: number | null;
  /**
   * Input tokens that one call per sample would have cost on top of `inputTokens`, since the
   * responses to one request share its prompt; 0 where a call brings one response, `null` if the
   * provider did not tell.
   */
  savedInputTokens: number | null;
  stopReason: StopReason;
  /** What a sample of this input was worth at the last decision on it, where the allocator compares it with a price. */
  lastIndex?: number;
  /** The price that `lastIndex` was compared with: below it the input is settled. */
  lastPrice?: number;
  /** What the batch that this input belongs to was granted and has spent, over all its inputs. */
  budget: BudgetReport;
  /** Share of `answer` among all votes, in (0, 1]; `null` if it got none. */
  agreement: number | null;
  /** What a reviewer needs, where the option `review` asks for one; else `null`. */
  review: Review | null;
  /** What the option `grouping` took; missing without it. */
  grouping?: GroupingRecord;
  /** Id of this input's run; `null` if nothing traces it. */
  runId: string | null;
  /** Id of the trace that holds this run: `runId`, unless it ran inside another one; `null` if LangSmith is not told. */
  traceId: string | null;
  /** Shared by all inputs of one batch; also in the metadata of their runs as `dynscaling_batch_id`. */
  batchId: string;
}

/** A message of `DynScaling`: the winning response, with the record in its metadata. */
export type ScaledMessage = AIMessage & { response_metadata: { dynscaling: DynScalingMetadata } };

/** The full record of one input, as `solve()` returns it. */
export interface InputRecord extends DynScalingMetadata {
  /** The winning response as `batch()` returns it; `null` if every call, or the vote, failed. */
  message: ScaledMessage | null;
  /**
   * Why there is no message: the error of the first failed call. Or what a part of the
   * method threw, or why the journal could not be written: it ended the sampling early,
   * and the message is the vote over what had arrived. Else `null`.
   */
  error: Error | null;
  /** Every sample in the order asked. */
  responses: readonly Sample<AIMessage>[];
  /** What the input got in each round in which it got anything. */
  rounds: readonly RoundRecord[];
}

/** What grouping the responses of one input took. */
export interface Grouped {
  record: GroupingRecord;
  /** They carry its usage. */
  messages: readonly AIMessage[];
}

/** What a record tells besides the solution. */
export interface RecordParts {
  budget: BudgetReport;
  grouped?: Grouped | undefined;
  /** Carries the usage of the responses that were dropped. */
  forgotten?: AIMessage | undefined;
}

/**
 * Builds the record of one input, and the message that stands for it.
 *
 * @param abortReason why its caller aborted it; `undefined` if it was not aborted
 * @param budget of the whole batch
 */
export function buildRecord(
  solution: Solution<AIMessage> & { cut?: Error },
  { runId, traceId, batchId }: Pick<DynScalingMetadata, "runId" | "traceId" | "batchId">,
  abortReason: unknown,
  { budget, grouped, forgotten }: RecordParts,
): InputRecord {
  const { arm, tally, rounds, stopReason, judgement, fault, cut } = solution;
  const { samples } = arm;
  const answers = samples.filter(({ purpose }) => purpose === "answer");
  // A voting rule is the user's to write: a failed call that it elects is no answer.
  const elected = answers.find(({ index, error }) => index === tally.winner && error === undefined);
  const failed = samples.filter(({ error }) => error !== undefined && !isAbort(error, abortReason));
  const answer = elected?.answer ?? null;
  const tokens = (pick: (usage: Usage) => number | undefined): number | null =>
    sumKnown([...samples.map(({ usage }) => usage), ...(grouped?.messages ?? []).map(usageOf)].map(pick));
  const metadata: DynScalingMetadata = {
    answer,
    votes: [...tally.votes],
    uncertainty: arm.uncertainty,
    samples: samples.length,
    failedSamples: failed.length,
    failures: countFailures(failed),
    excessOutputTokens: samples.reduce((sum, sample) => sum + excessOf(sample), 0),
    replayedSamples: samples.filter(({ replayed }) => replayed).length,
    unparsedSamples: answers.filter((sample) => sample.error === undefined && sample.answer === null).length,
    inputTokens: tokens((usage) => usage.inputTokens),
    outputTokens: tokens((usage) => usage.outputTokens),
    cachedInputTokens: tokens((usage) => usage.cachedInputTokens),
    savedInputTokens: tokens(({ inputTokens, savedInputTokens }) => savedInputTokens ?? (inputTokens && 0)),
    stopReason,
    ...(judgement?.index !== undefined && { lastIndex: judgement.index }),
    ...(judgement?.price !== undefined && { lastPrice: judgement.price }),
    budget,
    agreement: shareOf(answer, tally.votes),
    review: null,
    ...(grouped && { grouping: grouped.record }),
    runId,
    traceId,
    batchId,
  };
  // Without a readable answer the first response still beats an error, unless the vote itself failed.
  const chosen = elected ?? (fault ? undefined : answers.find(({ error }) => error === undefined));
  const paidFor = [
    ...samples.flatMap(({ message }) => message ?? []),
    ...(grouped?.messages ?? []),
    ...(forgotten ? [forgotten] : []),
  ];
  return joined(metadata, {
    message: chosen?.message ? representative(chosen.message, paidFor, metadata) : null,
    error:
      fault ??
      cut ??
      (chosen ? null : (samples.find(({ error }) => error)?.error ?? unasked(abortReason, stopReason))),
    responses: samples,
    rounds,
  });
}

/** The abort of an input as an error. */
export function abortError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("Aborted.", { cause: reason });
}

/** Why an input has not a single sample. */
function unasked(abortReason: unknown, stopReason: StopReason): Error {
  if (abortReason !== undefined || stopReason === "closed") return abortError(abortReason);
  return new Error(`The budget (${stopReason}) did not hold one call for this input.`);
}

function excessOf({ usage, worstCase }: Sample): number {
  // None is put aside where output is free.
  return Math.max(0, (usage.outputTokens ?? 0) - (worstCase?.outputTokens || Infinity));
}

function countFailures(failed: readonly Sample<AIMessage>[]): FailureCount[] {
  const counts = new Map<FailureKind, number>();
  for (const { error, message } of failed) {
    const kind = message === undefined ? classify(error).kind : "unusable";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).toSorted((a, b) => b.count - a.count);
}

function isAbort(error: Error, reason: unknown): boolean {
  return reason !== undefined && (error === reason || error.cause === reason);
}

/** The chosen response untouched, with the usage of all messages and the record in its metadata. */
function representative(
  chosen: AIMessage,
  paidFor: readonly AIMessage[],
  dynscaling: DynScalingMetadata,
): ScaledMessage {
  const usage = totalUsage(paidFor);
  return new AIMessage({
    content: chosen.content,
    additional_kwargs: chosen.additional_kwargs,
    response_metadata: { ...chosen.response_metadata, dynscaling },
    tool_calls: chosen.tool_calls ?? [],
    invalid_tool_calls: chosen.invalid_tool_calls ?? [],
    ...(chosen.id !== undefined && { id: chosen.id }),
    ...(chosen.name !== undefined && { name: chosen.name }),
    ...(usage && { usage_metadata: usage }),
  }) as ScaledMessage;
}

/** Sum of the counts that are known; `null` if none is. */
export function sumKnown(counts: readonly (number | undefined)[]): number | null {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
