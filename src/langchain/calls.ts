/** LangGraph's message streaming shows every model call that does not carry this tag. */
export const HIDDEN_FROM_STREAMS = "langsmith:nostream";

/** One call under way, with a signal of its own: shared ones gather listeners until Node warns. */
export interface OpenCall {
  /** Follows the stop of the batch and the signal of the call's input. */
  readonly signal: AbortSignal;
  /** Runs a task, unless the signal is aborted before it begins. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
  /** As `race()` with its signal, without a listener; for one task after another. */
  race<Result>(task: () => Promise<Result>): Promise<Result>;
  /** To be called when the call is over. */
  close(): void;
}

/**
 * Opens calls that end with the batch or with their input.
 *
 * @param stop ends every call
 * @param maxConcurrency most tasks under way at the same time; the others wait. Default: no limit.
 */
export function openCalls(
  stop: AbortSignal,
  maxConcurrency: number | undefined,
): (ofInput: AbortSignal | undefined) => OpenCall {
  const everyone = new Followers(stop);
  const byInput = new Map<AbortSignal, Followers>();
  const queue = maxConcurrency === undefined ? undefined : new Queue(maxConcurrency);
  const followersOf = (signal: AbortSignal): Followers => {
    const known = byInput.get(signal);
    // A signal that follows it: many batches may have been handed the same one.
    const followers = known ?? new Followers(AbortSignal.any([signal]));
    if (known === undefined) byInput.set(signal, followers);
    return followers;
  };
  return (ofInput) =>
    new FollowingCall(ofInput === undefined ? [everyone] : [everyone, followersOf(ofInput)], queue);
}

class FollowingCall implements OpenCall {
  readonly #controller = new AbortController();
  readonly #followed: readonly Followers[];
  readonly #queue: Queue | undefined;
  readonly signal: AbortSignal;
  /** Ends the race that is under way. */
  #end: ((reason: Error) => void) | undefined;

  constructor(followed: readonly Followers[], queue: Queue | undefined) {
    this.signal = this.#controller.signal;
    this.#followed = followed;
    this.#queue = queue;
    for (const followers of followed) followers.add(this);
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const { signal } = this;
    const queue = this.#queue;
    if (queue === undefined) return signal.aborted ? Promise.reject(signal.reason as Error) : task();
    return new Promise((resolve, reject) => {
      queue.enter(() => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return false;
        }
        void task()
          .then(resolve, reject)
          .then(() => queue.leave());
        return true;
      });
    });
  }

  race<Result>(task: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason as Error);
      this.#end = reject;
      task().then(resolve, reject);
    });
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.#end?.(this.signal.reason as Error);
  }

  close(): void {
    for (const followers of this.#followed) followers.delete(this);
  }
}

/** Lets so many in at a time, in the order in which they came. */
class Queue {
  #free: number;
  readonly #waiting = new Set<() => boolean>();

  constructor(size: number) {
    this.#free = size;
  }

  /** @param go whether it goes in, after all */
  enter(go: () => boolean): void {
    if (this.#free < 1) this.#waiting.add(go);
    else if (go()) this.#free -= 1;
  }

  leave(): void {
    this.#free += 1;
    for (const go of this.#waiting) {
      if (this.#free < 1) return;
      this.#waiting.delete(go);
      if (go()) this.#free -= 1;
    }
  }
}

/** The calls that end with a signal. Only one listener, however many they are, and only while there are any. */
class Followers {
  readonly #signal: AbortSignal;
  readonly #calls = new Set<FollowingCall>();
  readonly #end = (): void => {
    for (const call of this.#calls) call.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(call: FollowingCall): void {
    if (this.#signal.aborted) call.abort(this.#signal.reason);
    if (this.#calls.size === 0) this.#signal.addEventListener("abort", this.#end);
    this.#calls.add(call);
  }

  delete(call: FollowingCall): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#signal.removeEventListener("abort", this.#end);
  }
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
