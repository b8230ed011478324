import type { Reservation } from "../core/account.js";

/** Who stands in line for the room of one call. */
export interface Caller {
  /** Puts the worst case of a call aside; `null` if it does not fit now. */
  take(inputTokens: number): Reservation | null;
  /** Whether it would fit if all that others have put aside came back for nothing. */
  mayTake(inputTokens: number): boolean;
  /** Whether it keeps something put aside while it waits. */
  readonly isHolding: boolean;
}

interface Waiting {
  readonly caller: Caller;
  readonly inputTokens: number;
  leave(granted: Reservation | null): void;
}

/**
 * Calls that wait for room beside those in flight: first come, first served. One is
 * refused only when nothing that others have put aside could make room for it, or
 * when all who have put something aside stand in line themselves.
 */
export class WaitingLine {
  readonly #waiting = new Set<Waiting>();
  /** Who has put something aside and does not wait: what they have comes back. */
  readonly #busy = new Set<Caller>();
  #isWoken = false;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Tells whether the caller has put something aside and does not wait. */
  setBusy(caller: Caller, isBusy: boolean): void {
    if (isBusy) this.#busy.add(caller);
    else this.#busy.delete(caller);
  }

  /** @returns `null` if it is refused, or aborted */
  enter(caller: Caller, inputTokens: number, signal: AbortSignal | undefined): Promise<Reservation | null> {
    return new Promise((resolve) => {
      const abort = (): void => {
        waiting.leave(null);
        this.wake();
      };
      const waiting: Waiting = {
        caller,
        inputTokens,
        leave: (granted) => {
          this.#waiting.delete(waiting);
          signal?.removeEventListener("abort", abort);
          this.setBusy(caller, granted !== null || caller.isHolding);
          resolve(granted);
        },
      };
      if (signal?.aborted) return resolve(null);
      this.#waiting.add(waiting);
      this.setBusy(caller, false);
      signal?.addEventListener("abort", abort, { once: true });
      this.#serve();
    });
  }

  /** To be called when anything has come back; who waits is served once all of it is booked. */
  wake(): void {
    if (this.#isWoken || this.isEmpty) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      this.#serve();
    });
  }

  #serve(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const { caller, inputTokens } = first;
      const granted = caller.take(inputTokens);
      const isHopeless = granted === null && !caller.mayTake(inputTokens);
      if (granted !== null || isHopeless) first.leave(granted);
      else if (this.#busy.size > 0) return;
      else this.#last(first).leave(null);
    }
  }

  /** Of those who hold what the others wait for, the one who came last. */
  #last(otherwise: Waiting): Waiting {
    return [...this.#waiting].findLast(({ caller }) => caller.isHolding) ?? otherwise;
  }
}
