/** What a call tells the circuit when it is over. `slow`: the service asked to slow down. */
export type Outcome = "fine" | "slow" | "failed";

/** One call that is let through. */
export interface Passage {
  /**
   * The first end counts.
   *
   * @param pause if `slow`, how long nobody should call; none if left out
   */
  end(outcome: Outcome, pause?: Pause): void;
}

/** How long nobody should call, in milliseconds. */
export interface Pause {
  /** What the service asks for. */
  askedMs: number;
  /** After so many, one call tries all the same. */
  mostMs: number;
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

/** So many windows of successes just below where the service said slow down, before a try above it. */
const CLEAN_WINDOWS = 8;

/**
 * Lets calls through: any number at first. When the service says slow down, nobody
 * calls for a while and then half as many at a time, or as many as it did not turn away
 * if they are fewer. Where it carried some, it said how many it carries: each success makes
 * room for a little more, for a long time only up to there (additive increase,
 * multiplicative decrease). Where it turned all away, successes widen the window faster.
 */
export class Circuit {
  #window = Infinity;
  /** Calls at a time of which the service last turned some away; Infinity if it is not known. */
  #ceiling = Infinity;
  /** Successes just below the ceiling. */
  #clean = 0;
  /** Calls in flight when the window was cut last, and how many of them were turned away. */
  #flight = 0;
  #turnedAway = 0;
  #inFlight = 0;
  // Times are those of a clock that nobody sets back.
  #pausedUntil = 0;
  #askedUntil = 0;
  /** When the service first said slow down, without a success since. */
  #silentSince: number | undefined;
  #storms = 0;
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
    // Most services never ask for one, and the clock is asked twice a call.
    if (this.#pausedUntil === 0) return 0;
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  /** Milliseconds for which the service asked to wait; more than the pause if nobody waits so long. */
  get askedMs(): number {
    return Math.max(0, this.#askedUntil - performance.now());
  }

  /** Times in a row, without a success between them, that the service said slow down. */
  get storms(): number {
    return this.#storms;
  }

  /** The usual case, in which nobody has to wait; `null` if this call has to, or is aborted already. */
  tryEnter(signal: AbortSignal): Passage | null {
    return !signal.aborted && this.#isFree() ? this.#letThrough() : null;
  }

  /**
   * Waits for its turn.
   *
   * @param since when its batch first called, by `performance.now()`
   * @param patienceMs most milliseconds without any success, since then, until the service lets someone call
   * @returns `null` at once, if it is more
   * @throws the reason of the signal
   */
  async enter(signal: AbortSignal, since: number, patienceMs: number): Promise<Passage | null> {
    while (!this.#isFree()) {
      if (signal.aborted || this.#silenceMs(since) > patienceMs) break;
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
    let isOver = false;
    return {
      end: (outcome, pause) => {
        if (isOver) return;
        isOver = true;
        this.#leave(outcome, pause, cuts);
      },
    };
  }

  #isFree(): boolean {
    return this.pauseMs === 0 && this.#inFlight < this.window;
  }

  /** Milliseconds without a success when the pause is over; who is in flight may still succeed. */
  #silenceMs(since: number): number {
    const isSilent = this.#silentSince !== undefined && this.pauseMs > 0 && this.#inFlight === 0;
    return isSilent ? this.#askedUntil - Math.max(since, this.#silentSince ?? since) : 0;
  }

  #leave(outcome: Outcome, { askedMs, mostMs }: Pause = { askedMs: 0, mostMs: 0 }, cuts: number): void {
    if (outcome === "slow") {
      if (cuts === this.#cuts) this.#cut();
      if (cuts === this.#cuts - 1) this.#narrow(askedMs > mostMs);
      const now = performance.now();
      this.#silentSince ??= now;
      this.#askedUntil = Math.max(this.#askedUntil, now + askedMs);
      this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(askedMs, mostMs));
      // The pause may be longer now than they would wait.
      for (const waiting of this.#waiting) waiting();
    } else if (outcome === "fine") {
      this.#storms = 0;
      this.#silentSince = undefined;
      this.#widen();
    }
    this.#inFlight -= 1;
    this.#wake();
  }

  #cut(): void {
    this.#cuts += 1;
    this.#storms += 1;
    this.#flight = this.#inFlight;
    this.#turnedAway = 0;
    this.#clean = 0;
    // What was asked for before has been tried, or is asked for again.
    this.#askedUntil = this.#pausedUntil;
  }

  /** @param toOne whether one call is to try before the others */
  #narrow(toOne: boolean): void {
    this.#turnedAway += 1;
    const carried = this.#flight - this.#turnedAway;
    this.#ceiling = carried > 0 ? this.#flight : Infinity;
    this.#window = toOne ? 1 : Math.max(1, Math.min(this.#flight / 2, carried || Infinity));
  }

  #widen(): void {
    if (this.#window === Infinity) return;
    if (this.#ceiling === Infinity) this.#window += 1;
    else if (Math.floor(this.#window + 1 / this.#window) < this.#ceiling) this.#window += 1 / this.#window;
    else if (++this.#clean >= CLEAN_WINDOWS * this.window) this.#ceiling = Infinity;
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
