import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { BaseMessage } from "@langchain/core/messages";
import { getCallbackManagerForConfig } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { questionText } from "./messages.js";
import { Nest } from "./nest.js";
import type { ParentRun } from "./nest.js";
import type { InputRecord } from "./record.js";
import { failRound } from "./round_runs.js";
import type { OpenRound, RoundState } from "./round_runs.js";
import { addMetadata, keepNoChildren } from "./tracer.js";

/** One input of a batch, with its run open. */
export interface OpenInput {
  batchId: string;
  /** Place in the batch, from 0. */
  place: number;
  messages: BaseMessage[];
  question: string;
  config: Partial<RunnableConfig>;
  /** The input's own run; `undefined` if nothing traces it. */
  run: ParentRun | undefined;
  /** Whether that run has got its one end. */
  closed: boolean;
  /** What hangs below that run. */
  rounds: Nest | undefined;
  /** The round that is meant, where one is: see `inUnit`. */
  round: OpenRound | undefined;
  /** The input as each round that is under way sees it; only if something traces it. */
  underWay: Map<number, OpenInput> | undefined;
  /** What each round so far has changed; empty if nothing traces it. */
  states: RoundState[];
}

/** What the runs of one batch have in common. */
export interface RunTemplate {
  batchId: string;
  /** What the runs say of the Runnable that opened them. */
  serialized: Serialized;
  name: string;
}

/** Opens the run of one input, named and numbered as its caller wished. */
export async function openRun(
  { batchId, serialized, name }: RunTemplate,
  { input, messages, place }: { input: BaseLanguageModelInput; messages: BaseMessage[]; place: number },
  config: RunnableConfig,
): Promise<OpenInput> {
  const manager = await getCallbackManagerForConfig(config);
  const run = await manager?.handleChainStart(
    serialized,
    { input },
    config.runId,
    undefined,
    undefined,
    undefined,
    config.runName ?? name,
  );
  if (run) keepNoChildren(run);
  return {
    batchId,
    place,
    messages,
    question: questionText(messages),
    config: inherited(config),
    run,
    closed: false,
    rounds: run && new Nest(run),
    round: undefined,
    underWay: run && new Map(),
    states: [],
  };
}

/**
 * What the children of a run inherit: not its id and its name. Chat models take the known
 * fields out one by one; in the opposite order of that they cost them least.
 */
function inherited({
  runId: _runId,
  runName: _runName,
  callbacks,
  tags = [],
  metadata,
  configurable,
  recursionLimit,
  maxConcurrency,
  signal,
  ...others
}: RunnableConfig): Partial<RunnableConfig> {
  return {
    ...others,
    signal,
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(recursionLimit !== undefined && { recursionLimit }),
    ...(configurable && { configurable }),
    ...(metadata && { metadata }),
    tags,
    ...(callbacks && { callbacks }),
  };
}

/**
 * LangSmith gets the record beside the message, and what is worth filtering by as
 * metadata; listeners of events see the message.
 */
export async function closeRun(input: OpenInput, record: InputRecord): Promise<void> {
  const { run, rounds, states } = input;
  input.closed = true;
  if (run === undefined) return;
  await rounds?.close((group) => group.handleChainEnd({}));
  addMetadata(run, {
    dynscaling_answer: record.answer,
    dynscaling_samples: record.samples,
    dynscaling_uncertainty: record.uncertainty,
    dynscaling_agreement: record.agreement,
    dynscaling_stop_reason: record.stopReason,
    dynscaling_last_index: record.lastIndex ?? null,
    dynscaling_last_price: record.lastPrice ?? null,
    dynscaling_needs_review: record.review === null ? null : true,
  });
  if (record.error) return run.handleChainError(record.error);
  const { message, responses: _responses, error: _error, ...dynscaling } = record;
  await run.handleChainEnd({ output: message, dynscaling: { ...dynscaling, rounds: states } });
}

/** Closes every run that is still open with one error. */
export async function failRuns(open: readonly OpenInput[], error: unknown): Promise<void> {
  const unfinished = open.filter((input) => input !== undefined && !input.closed);
  await Promise.all(
    unfinished.map(async ({ run, rounds, underWay }) => {
      for (const { round } of underWay?.values() ?? []) if (round) await failRound(round, error);
      await rounds?.close((group) => group.handleChainError(error));
      await run?.handleChainError(error);
    }),
  );
}
