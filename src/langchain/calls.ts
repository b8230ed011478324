/** LangGraph's message streaming shows every model call that does not carry this tag. */
export const HIDDEN_FROM_STREAMS = "langsmith:nostream";

/** One call under way, with a signal of its own: shared ones gather listeners until Node warns. */
export interface OpenCall {
  /** Follows the stop of the batch and the signal of the call's input. */
  readonly signal: AbortSignal;
  /**
   * Waits for a task until the signal is aborted: some clients do not hear it, so nobody
   * waits for them. For one task after another.
   */
  race<Result>(task: () => Promise<Result>): Promise<Result>;
  /** To be called when the call is over. */
  close(): void;
}

/**
 * Opens calls that end with the batch or with their input.
 *
 * @param stop ends every call
 */
export function openCalls(stop: AbortSignal): (ofInput: AbortSignal | undefined) => OpenCall {
  const everyone = new Followers(stop);
  const byInput = new Map<AbortSignal, Followers>();
  const followersOf = (signal: AbortSignal): Followers => {
    const known = byInput.get(signal);
    // A signal that follows it: many batches may have been handed the same one.
    const followers = known ?? new Followers(AbortSignal.any([signal]));
    if (known === undefined) byInput.set(signal, followers);
    return followers;
  };
  return (ofInput) =>
    new FollowingCall(ofInput === undefined ? [everyone] : [everyone, followersOf(ofInput)]);
}

class FollowingCall implements OpenCall {
  readonly #controller = new AbortController();
  readonly #followed: readonly Followers[];
  /** Where it stands among the followers of each. */
  readonly #places: readonly number[];
  readonly signal: AbortSignal;
  /** Ends the race that is under way: cheaper than a listener of the signal. */
  #end: ((reason: Error) => void) | undefined;

  constructor(followed: readonly Followers[]) {
    this.signal = this.#controller.signal;
    this.#followed = followed;
    this.#places = followed.map((followers) => followers.add(this));
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
    for (const [which, followers] of this.#followed.entries())
      followers.delete(this.#places[which] as number);
  }
}

/** Lets so many in at a time, in the order in which they came. */
export class Line {
  #free: number;
  #waiting: (() => void)[] = [];
  /** How many of `#waiting` are in. */
  #gone = 0;

  /** @param size most at a time. Default: no limit. */
  constructor(size: number = Infinity) {
    this.#free = size;
  }

  /** @returns `undefined` if there was room at once */
  enter(): Promise<void> | undefined {
    if (this.#free < 1) return new Promise((enter) => this.#waiting.push(enter));
    this.#free -= 1;
    return undefined;
  }

  leave(): void {
    const enter = this.#waiting[this.#gone];
    if (enter === undefined) {
      this.#free += 1;
      return;
    }
    this.#gone += 1;
    if (this.#gone === this.#waiting.length) [this.#waiting, this.#gone] = [[], 0];
    enter();
  }
}

/**
 * The calls that end with a signal. Only one listener, however many they are, and only while
 * there are any. Not in a Set: V8 chains the tables that a Set has outgrown, and so keeps what
 * was in them until it collects everything.
 */
class Followers {
  readonly #signal: AbortSignal;
  readonly #calls: (FollowingCall | undefined)[] = [];
  /** Places in `#calls` that are free. */
  readonly #free: number[] = [];
  readonly #end = (): void => {
    for (const call of this.#calls) call?.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @returns what `delete` needs */
  add(call: FollowingCall): number {
    if (this.#signal.aborted) call.abort(this.#signal.reason);
    if (this.#calls.length === this.#free.length) this.#signal.addEventListener("abort", this.#end);
    const place = this.#free.pop() ?? this.#calls.length;
    this.#calls[place] = call;
    return place;
  }

  delete(place: number): void {
    this.#calls[place] = undefined;
    this.#free.push(place);
    if (this.#calls.length === this.#free.length) this.#signal.removeEventListener("abort", this.#end);
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
