import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { Arm, Reply, SampleRequest } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { HIDDEN_FROM_STREAMS, Line, openCalls } from "./calls.js";
import type { OpenCall } from "./calls.js";
import { PastFailure } from "./failures.js";
import { respond } from "./generations.js";
import type { Ask, Pay } from "./journal.js";
import type { ChatLike } from "./model.js";
import type { ParentRun } from "./nest.js";
import type { Attempts, Patience } from "./patience.js";
import { isPromise } from "./readings.js";
import { abortError } from "./record.js";
import { failed, repliesOf } from "./replies.js";
import { inUnit, sampleParent } from "./round_runs.js";
import type { OpenInput } from "./runs.js";

/**
 * Reads the answer from a response: canonical text, or `null` if there is none
 * (`null` never votes, nor does an empty text). `text` is what the model said
 * without its thoughts. A sample whose extractor throws counts as failed, unless it
 * throws an `UnreadableAnswer`, which says why there is none.
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
  /** Where a response comes from, if not always from the model: a journal. */
  ask: Ask | undefined;
}

/** What all calls go through. */
interface Door {
  model: ChatLike;
  patience: Patience;
  /** Where calls wait for each other; `undefined` if as many may be in flight as there are. */
  line: Line | undefined;
}

/**
 * The door between the core and the model. A call that fails is a reply with
 * `error`; only errors that LangGraph uses to steer (`is_bubble_up`) reject.
 */
export function generator(
  inputs: readonly OpenInput[],
  { model, extractor, readingRuns, maxConcurrency, stop, patience, ask }: CallSettings,
): (arm: Arm<AIMessage>, request: SampleRequest<TurnsPrompt>, round: number) => Promise<Reply<AIMessage>[]> {
  const openCall = openCalls(stop);
  const line = maxConcurrency === undefined ? undefined : new Line(maxConcurrency);
  const door = { model, patience, line };
  const readAll = repliesOf(extractor, readingRuns);
  return async (arm, request, round) => {
    const input = inUnit(inputs[arm.index] as OpenInput, round);
    const call = openCall(input.config.signal);
    const sending = new Sending(door, input, request, call);
    const render = (): BaseMessage[] | Promise<BaseMessage[]> => {
      const turns = turnsOf(request, arm, input);
      // A counter of tokens may hang.
      if (!isPromise(turns)) return turns;
      // Nobody waits for it any more once the call is aborted.
      turns.catch(() => undefined);
      return call.race(() => turns);
    };
    try {
      let said: AIMessage[];
      let replayed = false;
      try {
        if (ask === undefined) said = await sending.pay(await render());
        else
          ({ said, replayed } = await ask(
            arm.index,
            round,
            request,
            call.signal,
            sending,
            render,
            (turns, keep) => sending.pay(turns, keep),
          ));
      } catch (error) {
        const isPast = error instanceof PastFailure;
        const nothing = { text: "", answer: null, usage: {}, isUnbilled: !sending.isSent };
        const lost = failed({ ...nothing, ...(isPast && { replayed: true as const }) }, error);
        return named(sending.told([lost]), call.signal);
      }
      const replies = readAll(said, { request, input, config: sending.readingConfig(), replayed });
      return named(sending.told(isPromise(replies) ? await replies : replies), call.signal);
    } finally {
      call.close();
    }
  };
}

/** What an abort has cut off ends with the reason of that abort, whatever the client made of it. */
function named(replies: Reply<AIMessage>[], signal: AbortSignal): Reply<AIMessage>[] {
  if (!signal.aborted) return replies;
  return replies.map((reply) => (reply.error ? { ...reply, error: abortError(signal.reason) } : reply));
}

/**
 * A call of the model on its way. An object with few closures and few async layers:
 * thousands may be in flight, and what each keeps alive costs more than what it does.
 */
class Sending implements Attempts<AIMessage[]> {
  isSent = false;
  chargedRepeats = 0;
  readonly call: OpenCall;
  readonly #door: Door;
  readonly #input: OpenInput;
  readonly #request: SampleRequest<TurnsPrompt>;
  #messages: BaseMessage[] = [];
  #config: Partial<RunnableConfig> | undefined;

  constructor(door: Door, input: OpenInput, request: SampleRequest<TurnsPrompt>, call: OpenCall) {
    this.call = call;
    this.#door = door;
    this.#input = input;
    this.#request = request;
  }

  pay(turns: BaseMessage[], keep?: Parameters<Pay>[1]): Promise<AIMessage[]> {
    return this.#input.round === undefined
      ? this.#send(undefined, turns, keep)
      : sampleParent(this.#input).then((parent) => this.#send(parent, turns, keep));
  }

  /** The replies, the first of which tells of the attempts before the last that may have been charged. */
  told(replies: Reply<AIMessage>[]): Reply<AIMessage>[] {
    const [first, ...others] = replies;
    if (this.chargedRepeats === 0 || first === undefined) return replies;
    return [{ ...first, chargedRepeats: this.chargedRepeats }, ...others];
  }

  attempt(signal: AbortSignal): Promise<AIMessage[]> {
    const config = this.#config as Partial<RunnableConfig>;
    return respond(
      this.#door.model,
      this.#messages,
      signal === this.call.signal ? config : { ...config, signal },
    );
  }

  /** A replayed response has no model run; whatever reads it hangs below its round. */
  readingConfig(): Partial<RunnableConfig> {
    return this.#config ?? this.#configOf(this.#input.round?.run);
  }

  #configOf(parent: ParentRun | undefined): Partial<RunnableConfig> {
    const { config } = this.#input;
    const { tags = [], metadata } = config;
    const { stage, prompt } = this.#request;
    const callbacks = parent?.getChild(stage);
    // A copy that is written over keeps the order of its fields: see `inherited`.
    const own: Partial<RunnableConfig> = { ...config };
    own.signal = this.call.signal;
    own.tags = tags.includes(HIDDEN_FROM_STREAMS) ? tags : [...tags, HIDDEN_FROM_STREAMS];
    // Of its own: LangChain writes into the object that it is handed.
    own.metadata = {
      ...metadata,
      dynscaling_stage: stage,
      ...(prompt && { dynscaling_prompt: prompt.name }),
    };
    if (callbacks) own.callbacks = callbacks;
    return own;
  }

  #send(parent: ParentRun | undefined, turns: BaseMessage[], keep: Parameters<Pay>[1]): Promise<AIMessage[]> {
    this.#config = this.#configOf(parent);
    this.#messages = [...this.#input.messages, ...turns];
    const { line } = this.#door;
    if (line === undefined) return this.#go(keep);
    const turn = line.enter();
    const gone = turn === undefined ? this.#go(keep) : turn.then(() => this.#go(keep));
    return gone.finally(() => line.leave());
  }

  /** In flight until it is kept: the next call waits. An abort does not: what has arrived counts. */
  #go(keep: Parameters<Pay>[1]): Promise<AIMessage[]> {
    const answered = this.#door.patience(this);
    if (keep === undefined) return answered;
    return answered.then((said) => {
      const kept = keep(said);
      return this.call
        .race(() => kept)
        .then(
          () => said,
          () => said,
        );
    });
  }
}

/** The turns that follow the messages of the user. */
export function turnsOf(
  request: SampleRequest<TurnsPrompt>,
  arm: Arm,
  input: OpenInput,
): BaseMessage[] | Promise<BaseMessage[]> {
  if (request.prompt === undefined) return [];
  const quoted = request.parents.flatMap((parent) => arm.samples[parent] ?? []);
  return request.prompt.render(input.question, quoted);
}
