/** What a call tells the circuit when it is over. `slow`: the service asked to slow down. */
export type Outcome = "fine" | "slow" | "failed";

/** One call that is let through. */
export interface Passage {
  /** @param pauseMs if `slow`, how long nobody should call */
  end(outcome: Outcome, pauseMs?: number): void;
}

/** What all calls of one model have in common. */
const circuits = new WeakMap<object, Circuit>();

/** The circuit of a model, whoever calls it: settings bound to a model do not make it another. */
export function circuitOf(model: object): Circuit {
  let innermost = model;
  for (let bound: unknown = model; typeof bound === "object" && bound !== null;) {
    innermost = bound;
    bound = (bound as { bound?: unknown }).bound;
  }
  const known = circuits.get(innermost) ?? new Circuit();
  circuits.set(innermost, known);
  return known;
}

/**
 * Lets calls through: any number at first. When the service says slow down, nobody
 * calls for a while and then half as many at a time; each success makes room for a
 * little more, until there are as many as before (additive increase, multiplicative
 * decrease).
 */
export class Circuit {
  #window = Infinity;
  /** Calls at a time at which the service last said slow down; beyond it the window is open again. */
  #ceiling = 0;
  #inFlight = 0;
  #pausedUntil = 0;
  /** Counts the times that the window was cut: one storm cuts it once, not once a call. */
  #cuts = 0;
  #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls that may be in flight at the same time now; may be Infinity. */
  get window(): number {
    return Math.max(1, Math.floor(this.#window));
  }

  /** Milliseconds for which nobody calls. */
  get pauseMs(): number {
    return this.#pausedUntil === 0 ? 0 : Math.max(0, this.#pausedUntil - Date.now());
  }

  /** The usual case, in which nobody has to wait; `null` if this call has to, or is aborted already. */
  tryEnter(signal: AbortSignal): Passage | null {
    return !signal.aborted && this.#isFree() ? this.#letThrough() : null;
  }

  /**
   * Waits for its turn.
   *
   * @param patienceMs most milliseconds that it would wait for a pause to end
   * @returns `null` at once, if the pause is longer than that
   * @throws the reason of the signal
   */
  async enter(signal: AbortSignal, patienceMs: number): Promise<Passage | null> {
    while (!this.#isFree()) {
      if (signal.aborted || this.pauseMs > patienceMs) break;
      await this.#change(signal);
    }
    if (signal.aborted || !this.#isFree()) {
      // Someone else may take the turn that this one was woken for.
      this.#wake();
      signal.throwIfAborted();
      return null;
    }
    return this.#letThrough();
  }

  #letThrough(): Passage {
    this.#inFlight += 1;
    const cuts = this.#cuts;
    return { end: (outcome, pauseMs = 0) => this.#leave(outcome, pauseMs, cuts) };
  }

  #isFree(): boolean {
    return this.pauseMs === 0 && this.#inFlight < this.window;
  }

  #leave(outcome: Outcome, pauseMs: number, cuts: number): void {
    if (outcome === "slow") {
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + pauseMs);
      // The pause may be longer now than they would wait.
      for (const waiting of this.#waiting) waiting();
      if (cuts === this.#cuts) {
        this.#cuts += 1;
        this.#ceiling = Math.min(this.#window, this.#inFlight);
        this.#window = Math.max(1, this.#ceiling / 2);
      }
    } else if (outcome === "fine" && this.#window !== Infinity) {
      this.#window += 1 / this.#window;
      if (this.#window > this.#ceiling) this.#window = Infinity;
    }
    this.#inFlight -= 1;
    this.#wake();
  }

  /** Settles at the next change that may let someone through. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((settle) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        this.#waiting.delete(done);
        if (this.#waiting.size === 0) this.#stopTimer();
        settle();
      };
      signal.addEventListener("abort", done);
      this.#waiting.add(done);
      // Even if the pause has just ended: with nobody in flight, nobody else would wake it.
      if (this.#inFlight < this.window) this.#startTimer();
    });
  }

  /** Wakes as many as there is room for, in the order in which they came. */
  #wake(): void {
    if (this.pauseMs > 0) {
      if (this.#waiting.size > 0) this.#startTimer();
      return;
    }
    let room = this.window - this.#inFlight;
    for (const waiting of this.#waiting) {
      if (room-- < 1) return;
      waiting();
    }
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, this.pauseMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
