import { AsyncCaller } from "@langchain/core/utils/async_caller";

/** LangGraph's message streaming shows every model call that does not carry this tag. */
export const HIDDEN_FROM_STREAMS = "langsmith:nostream";

/** Runs a call, unless its signal is aborted before it begins. */
export type RunCall = <Result>(signal: AbortSignal, task: () => Promise<Result>) => Promise<Result>;

/** @param maxConcurrency most calls under way at the same time; the others wait. Default: no limit. */
export function openCalls(maxConcurrency: number | undefined): RunCall {
  // Its queue costs as much as tracing a call; without a limit there is nothing to queue.
  const caller =
    maxConcurrency === undefined ? undefined : new AsyncCaller({ maxConcurrency, maxRetries: 0 });
  return async (signal, task) => {
    const begin = (): ReturnType<typeof task> => {
      signal.throwIfAborted();
      return task();
    };
    return caller ? caller.call(async () => begin()) : begin();
  };
}

/** Waits for a task until its signal is aborted: some clients do not hear it, so nobody waits for them. */
export function race<Result>(signal: AbortSignal, task: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    task()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The signal of one call; `done` is to be called when the call is over. */
export interface CallSignal {
  signal: AbortSignal;
  done(): void;
}

/**
 * Gives every call a signal of its own, which follows `stop` and the signal of its
 * input: shared ones gather listeners until Node warns.
 */
export function openSignals(stop: AbortSignal): (ofInput: AbortSignal | undefined) => CallSignal {
  const underWay = new Set<AbortController>();
  stop.addEventListener("abort", () => {
    for (const controller of underWay) controller.abort(stop.reason);
  });
  return (ofInput) => {
    if (ofInput !== undefined) return { signal: AbortSignal.any([stop, ofInput]), done: () => {} };
    // The usual case. What `AbortSignal.any` keeps for a signal costs far more than the signal.
    const controller = new AbortController();
    if (stop.aborted) controller.abort(stop.reason);
    underWay.add(controller);
    return { signal: controller.signal, done: () => void underWay.delete(controller) };
  };
}
