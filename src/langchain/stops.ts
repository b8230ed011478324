import type { AIMessage } from "@langchain/core/messages";
import { FAILURES_TO_GIVE_UP, isHopeless } from "../core/hopeless.js";
import type { Outside } from "../core/solve.js";
import type { Arm, Reply } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { classify, endsBatch } from "./failures.js";
import type { OpenInput } from "./runs.js";

type Generate = Outside<AIMessage, TurnsPrompt>["generate"];

/**
 * Without `returnExceptions`, one aborted input ends the batch: no call of the others goes on spending.
 *
 * @throws its reason, if a signal is aborted already
 */
export function stopWhenAborted(open: readonly OpenInput[], stop: AbortController): () => void {
  const signals = new Set(open.flatMap(({ config }) => config.signal ?? []));
  const listener = (event: Event): void => stop.abort((event.target as AbortSignal).reason);
  throwIfAborted(open);
  for (const signal of signals) signal.addEventListener("abort", listener, { once: true });
  return () => signals.forEach((signal) => signal.removeEventListener("abort", listener));
}

/**
 * Stops every other call as soon as the batch is lost: at an error with which
 * LangGraph steers, at one that every other call would meet too (a bad key, say), and,
 * without `returnExceptions`, once an input is hopeless.
 */
export function stoppingEarly(generate: Generate, stop: AbortController, failFast: boolean): Generate {
  const arms = new Map<number, { pending: number; failed: number }>();
  return async (arm, request, round) => {
    const known = arms.get(arm.index) ?? { pending: 0, failed: 0 };
    arms.set(arm.index, known);
    known.pending += 1;
    try {
      const replies = await generate(arm, request, round);
      known.pending -= 1;
      const isFailed = replies.every(({ error }) => error !== undefined);
      known.failed = isFailed ? known.failed + replies.length : -Infinity;
      const fatal = replies.find(isFatal);
      if (fatal) stop.abort(fatal.error);
      if (failFast && known.pending === 0 && known.failed >= FAILURES_TO_GIVE_UP)
        stop.abort(replies[0]?.error);
      return replies;
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
}

/** Whether an input has nothing but failed calls, and will get no more. */
function isLost(replies: readonly Reply[]): boolean {
  return replies.every(({ error }) => error !== undefined) && isHopeless(replies);
}

function isFatal({ error, message }: Reply): boolean {
  return error !== undefined && message === undefined && endsBatch(classify(error));
}

/** @throws what stopped the batch, what a part threw, or the error of an input that has nothing but failed calls */
export function throwIfLost(arms: readonly Arm[], stop: AbortSignal, fault: Error | undefined): void {
  if (fault) throw fault;
  stop.throwIfAborted();
  const hopeless = arms.find(({ samples }) => isLost(samples));
  if (hopeless) throw hopeless.samples[0]?.error;
}

export function throwIfAborted(open: readonly OpenInput[]): void {
  for (const { config } of open) config.signal?.throwIfAborted();
}
