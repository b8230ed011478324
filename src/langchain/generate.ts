import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import { mergeConfigs, patchConfig } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { UnreadableAnswer, asError } from "../core/errors.js";
import { settleAll } from "../core/settle.js";
import type { Arm, Reply, SampleRequest, Usage } from "../core/types.js";
import { finishReason, isCutOff, mayRead } from "../extractors/cut_off.js";
import { finalAnswer } from "../extractors/final_answer.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { HIDDEN_FROM_STREAMS, openCalls, openSignals, race } from "./calls.js";
import { respond } from "./generations.js";
import { PastFailure, classify } from "./failures.js";
import type { Ask, Pay } from "./journal.js";
import { callsText, sharedUsage, spokenText } from "./messages.js";
import type { ChatLike } from "./model.js";
import type { ParentRun } from "./nest.js";
import type { Patience, Trip } from "./patience.js";
import { reader } from "./readings.js";
import { sampleParent } from "./round_runs.js";
import type { OpenInput } from "./runs.js";
import { hideSecrets } from "./secrets.js";
import { isSteering } from "./steering.js";

/**
 * Reads the answer from a response: canonical text, or `null` if there is none
 * (`null` never votes, nor does an empty text). `text` is what the model said
 * without its thoughts. A sample whose extractor throws counts as failed, unless it
 * throws an `UnreadableAnswer`, which says why there is none.
 *
 * The last words of a response that was cut off are no answer, and only `message` tells: a
 * function of the text alone is not asked about such a response, which then never votes.
 */
export type AnswerExtractor = (text: string, message: AIMessage) => string | null | Promise<string | null>;

/** What every call of one batch shares. */
export interface CallSettings {
  model: ChatLike;
  extractor: AnswerExtractor;
  /** Whether an extractor that takes its time gets a run of its own for every response. Default true. */
  readingRuns?: boolean;
  /** Most calls in flight over the whole batch. Default: no limit. */
  maxConcurrency: number | undefined;
  /** Stops every call of the batch. */
  stop: AbortSignal;
  /** Repeats calls that fail in passing. */
  patience: Patience;
  /** Where a response comes from: the model, or a journal. */
  ask: Ask;
}

/**
 * The door between the core and the model. A call that fails is a reply with
 * `error`; only errors that LangGraph uses to steer (`is_bubble_up`) reject.
 */
export function generator(
  inputs: readonly OpenInput[],
  { model, extractor, readingRuns, maxConcurrency, stop, patience, ask }: CallSettings,
): (arm: Arm<AIMessage>, request: SampleRequest<TurnsPrompt>) => Promise<Reply<AIMessage>[]> {
  const call = openCalls(maxConcurrency);
  const signalOf = openSignals(stop);
  const read = reader(extractor, readingRuns);
  return async (arm, request) => {
    const input = inputs[arm.index] as OpenInput;
    const { signal, done } = signalOf(input.config.signal);
    try {
      return await sample(arm, request, input, signal);
    } finally {
      done();
    }
  };

  async function sample(
    arm: Arm<AIMessage>,
    request: SampleRequest<TurnsPrompt>,
    input: OpenInput,
    signal: AbortSignal,
  ): Promise<Reply<AIMessage>[]> {
    // A replayed response has no model run; whatever reads it hangs below its round.
    let config = callConfig(input, input.round?.run, request, signal);
    const trip: Trip = { isSent: false };
    /** Attempts that the provider may have charged. */
    let charged = 0;
    const pay: Pay = async (turns, keep) => {
      config = callConfig(input, await sampleParent(input), request, signal);
      return call(signal, async () => {
        const responses = await patience(signal, trip, async (own) => {
          charged += 1;
          try {
            return await respond(model, [...input.messages, ...turns], { ...config, signal: own });
          } catch (error) {
            if (classify(error).isUnbilled) charged -= 1;
            throw error;
          }
        });
        // In flight until it is kept: the next call waits. An abort does not: what has arrived counts.
        const kept = keep(responses);
        await race(signal, () => kept).catch(() => undefined);
        return responses;
      });
    };
    const repeats = (lastIsCharged: boolean): Pick<Reply, "chargedRepeats"> | undefined => {
      const before = charged - (lastIsCharged ? 1 : 0);
      return before > 0 ? { chargedRepeats: before } : undefined;
    };
    let said: AIMessage[];
    let replayed: boolean;
    try {
      ({ said, replayed } = await ask(
        arm.index,
        request,
        signal,
        trip,
        // A counter of tokens may hang.
        () => race(signal, () => turnsOf(request, arm, input)),
        pay,
      ));
    } catch (error) {
      const isPast = error instanceof PastFailure;
      const nothing = { text: "", answer: null, usage: {}, isUnbilled: !trip.isSent };
      return [failed({ ...nothing, ...(isPast && { replayed: true }), ...repeats(trip.isSent) }, error)];
    }
    const usages = sharedUsage(said);
    return settleAll(
      said.map(async (message, place) => {
        const reply: Reply<AIMessage> = {
          ...readReply(message, usages[place] as Usage),
          ...(replayed && { replayed }),
          ...(place === 0 && repeats(true)),
        };
        // Feedback and scores are read by those who asked for them.
        if (request.purpose !== undefined && request.purpose !== "answer") return reply;
        try {
          requireReader(extractor, reply, message);
          const spoken = spokenText(message);
          // The default opens no runs, so nothing has to be prepared for them.
          const answer =
            extractor === finalAnswer
              ? finalAnswer(spoken, message)
              : await read(input, config, spoken, message);
          if (typeof answer === "string" && answer !== "") return { ...reply, answer };
          requireAnswer(answer);
          return isEmpty(reply, message) ? { ...reply, error: emptyResponse(message) } : reply;
        } catch (error) {
          if (error instanceof UnreadableAnswer) return { ...reply, unparsed: error.message };
          return failed(reply, error);
        }
      }),
    );
  }
}

/** @throws the error itself, if LangGraph uses it to steer: it is no failed sample */
function failed(reply: Reply<AIMessage>, error: unknown): Reply<AIMessage> {
  if (isSteering(error)) throw error;
  const kept = asError(error);
  // An extractor may have asked a service, too.
  hideSecrets(kept);
  return { ...reply, error: kept };
}

/** The turns that follow the messages of the user. */
export async function turnsOf(
  request: SampleRequest<TurnsPrompt>,
  arm: Arm,
  input: OpenInput,
): Promise<BaseMessage[]> {
  if (request.prompt === undefined) return [];
  const quoted = request.parents.flatMap((parent) => arm.samples[parent] ?? []);
  return request.prompt.render(input.question, quoted);
}

function callConfig(
  input: OpenInput,
  parent: ParentRun | undefined,
  { stage, prompt }: SampleRequest<TurnsPrompt>,
  signal: AbortSignal,
): Partial<RunnableConfig> {
  const child = patchConfig(input.config, { callbacks: parent?.getChild(stage) });
  return {
    ...mergeConfigs(child, {
      tags: [HIDDEN_FROM_STREAMS],
      metadata: { dynscaling_stage: stage, ...(prompt && { dynscaling_prompt: prompt.name }) },
    }),
    signal,
  };
}

/** @throws {UnreadableAnswer} if the response was cut off, and the extractor does not hear of it */
function requireReader(extractor: AnswerExtractor, reply: Reply, message: AIMessage): void {
  if (mayRead(extractor, message) || isEmpty(reply, message)) return;
  throw new UnreadableAnswer(
    `The response was cut off (finish reason "${finishReason(message)}"), and the extractor does not take the message, so it cannot tell.`,
  );
}

/** @throws {Error} if an extractor returned a value that is neither text nor nothing: it would never vote */
function requireAnswer(answer: unknown): void {
  if (typeof answer === "string" || answer === null || answer === undefined) return;
  throw new Error(
    `The extractor returned ${typeof answer === "object" ? "an object" : `the ${typeof answer} ${String(answer)}`}; return text, or null for no answer.`,
  );
}

/** What a response says, before its answer is read. */
export function readReply(message: AIMessage, usage: Usage): Reply<AIMessage> {
  return {
    text: [spokenText(message), callsText(message)].filter(Boolean).join("\n\n"),
    answer: null,
    usage,
    message,
    truncated: isCutOff(message),
  };
}

/** A call of a tool that cannot be read is a bad response, not an empty one. */
function isEmpty({ text }: Reply, { invalid_tool_calls }: AIMessage): boolean {
  return text.trim() === "" && (invalid_tool_calls ?? []).length === 0;
}

function emptyResponse(message: BaseMessage): Error {
  return new Error(
    `The model returned no text (finish reason "${finishReason(message)}"). If it stopped for length, raise its output limit.`,
  );
}
