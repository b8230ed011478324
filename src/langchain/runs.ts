import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch/web";
import type { CallbackManagerForChainRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { BaseMessage } from "@langchain/core/messages";
import { getCallbackManagerForConfig } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { Arm, RoundRecord } from "../core/types.js";
import { countVotes } from "../core/votes.js";
import { questionText } from "./messages.js";
import type { InputRecord } from "./record.js";

/** One input of a batch, with its run open. */
export interface OpenInput {
  messages: BaseMessage[];
  question: string;
  config: Partial<RunnableConfig>;
  /** The input's own run; `undefined` if nothing traces it. */
  run: CallbackManagerForChainRun | undefined;
  /** Whether that run has got its one end. */
  closed: boolean;
  /** The run of its current round, the parent of that round's samples. */
  round: CallbackManagerForChainRun | undefined;
}

/** Name of the custom event that closes a round of an input. */
export const ROUND_EVENT = "dynscaling:round";

const ROUND_SERIALIZED: Serialized = {
  lc: 1,
  type: "not_implemented",
  id: ["langchain_dynscaling", "Round"],
};

/** Opens the run of one input, named and numbered as its caller wished. */
export async function openRun(
  { serialized, name }: { serialized: Serialized; name: string },
  input: BaseLanguageModelInput,
  messages: BaseMessage[],
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
  // The id and the name were this run's; its children must not inherit them.
  const { runId: _runId, runName: _runName, ...inherited } = config;
  return {
    messages,
    question: questionText(messages),
    config: inherited,
    run,
    closed: false,
    round: undefined,
  };
}

/** LangSmith gets the record beside the message; listeners of events see the message. */
export async function closeRun(input: OpenInput, record: InputRecord): Promise<void> {
  const { run } = input;
  input.closed = true;
  if (record.error) return run?.handleChainError(record.error);
  const { message, responses: _responses, error: _error, ...dynscaling } = record;
  await run?.handleChainEnd({ output: message, dynscaling });
}

/**
 * Opens the run of one round. Samples hang below rounds because LangChain's
 * tracer takes quadratic time in the number of siblings.
 */
export async function openRound(
  input: OpenInput,
  arm: Arm,
  unit: Omit<RoundRecord, "uncertainty">,
): Promise<void> {
  const manager = input.run?.getChild(`round:${unit.round}`);
  const inputs = { ...unit, uncertainty: arm.uncertainty };
  const name = `round ${unit.round}`;
  input.round = await manager?.handleChainStart(
    ROUND_SERIALIZED,
    inputs,
    undefined,
    undefined,
    undefined,
    undefined,
    name,
  );
}

/** Closes the run of a round and tells the listeners of events. */
export async function closeRound(input: OpenInput, arm: Arm, record: RoundRecord): Promise<void> {
  const { round, run } = input;
  if (run === undefined) return;
  const state = {
    ...record,
    votes: countVotes(arm.samples.map(({ answer }) => answer)),
    samples: arm.samples.length,
  };
  input.round = undefined;
  await round?.handleChainEnd(state);
  await dispatchCustomEvent(ROUND_EVENT, state, { callbacks: run.getChild() });
}

/** Closes every run that is still open with one error. */
export async function failRuns(open: readonly OpenInput[], error: unknown): Promise<void> {
  const unfinished = open.filter((input) => input !== undefined && !input.closed);
  await Promise.all(
    unfinished.map(async ({ run, round }) => {
      await round?.handleChainError(error);
      await run?.handleChainError(error);
    }),
  );
}
