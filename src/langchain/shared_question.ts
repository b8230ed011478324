import type { Account, Booked, Reservation, Tokens } from "../core/account.js";
import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";
import { wholeCalls } from "../core/limits.js";
import type { SharedLimits } from "./shared_pool.js";
import type { Caller, WaitingLine } from "./waiting_line.js";

/** What one question of a stream sees of the account that it shares. */
export class SharedQuestion implements Caller {
  /** Samples that it has paid for; failed calls that gave theirs back are not among them. */
  paidSamples = 0;
  /** Ends its waiting for room beside the calls of others. */
  signal: AbortSignal | undefined;
  readonly #whole: Account;
  readonly #limits: SharedLimits;
  readonly #line: WaitingLine;
  /** Replies, those of failed calls included. */
  #used = 0;
  #tokens = 0;
  #costUsd = 0;
  readonly #inFlight = new Set<Reservation>();
  /** Of those, what is back and not booked: until it is, nobody else may have its room. */
  readonly #back = new Set<Reservation>();
  /** What is put aside beside calls; of no effect on others before the first call. */
  #beside: Tokens = { inputTokens: 0, outputTokens: 0 };
  #isBesideHeld = false;
  /** What the line has given to the next call. */
  #granted: Reservation | null = null;
  /** The limit that its last call did not fit. */
  #refusedBy: "samples" | "outputTokens" | "cost" | undefined;
  #isOver = false;

  constructor(whole: Account, limits: SharedLimits, line: WaitingLine) {
    this.#whole = whole;
    this.#limits = limits;
    this.#line = line;
  }

  get isHolding(): boolean {
    const { inputTokens, outputTokens } = this.#beside;
    return this.#inFlight.size > 0 || (this.#isBesideHeld && (inputTokens > 0 || outputTokens > 0));
  }

  take(inputTokens: number): Reservation | null {
    if (this.#ownLeft() < this.#limits.samplesPerCall) return null;
    const opens = !this.#isBesideHeld;
    if (opens) this.#whole.hold(this.#beside);
    const held = this.#whole.reserve(inputTokens);
    if (held) {
      this.#isBesideHeld = true;
      this.#inFlight.add(held);
      this.#line.setBusy(this, true);
    } else if (opens) this.#whole.hold(negative(this.#beside));
    return held;
  }

  mayTake(inputTokens: number): boolean {
    return this.#whole.mayFit(inputTokens, this.#beside);
  }

  /** As `Account`; what others have in flight may come back, and be waited for. */
  affordable(): number {
    return Math.min(
      this.#orOneCall(this.#whole.affordable()),
      wholeCalls(this.#samplesLeft(), this.#perCall),
    );
  }

  account(): Account {
    const whole = this.#whole;
    return {
      usedSamples: () => this.#used,
      usedOutputTokens: () => this.#tokens,
      usedCostUsd: () => (this.#limits.total.prices ? this.#costUsd : null),
      samplesLeft: () => this.#samplesLeft(),
      affordable: () => this.affordable(),
      turn: (inputTokens) => this.#turn(inputTokens),
      mayFit: (inputTokens) => this.mayTake(inputTokens),
      reserve: (inputTokens) => this.#reserve(inputTokens),
      // Booked first: others may ask for its room meanwhile.
      release: (held) => void this.#back.add(held),
      record: (reply) => this.#record(reply),
      hold: (worstCase) => this.#hold(worstCase),
      charge: (taken) => this.#book(() => whole.charge(taken)),
      isOverdrawn: () => whole.isOverdrawn(),
      exhausted: () => this.#exhausted(),
      report: () => whole.report(),
    };
  }

  close(): void {
    this.#isOver = true;
    this.#giveBack(this.#inFlight);
    this.#hold(negative(this.#beside));
    this.#line.setBusy(this, false);
    this.#line.wake();
  }

  get #perCall(): number {
    return this.#limits.samplesPerCall;
  }

  /** What its own cap leaves. */
  #ownLeft(): number {
    return this.#limits.maxSamplesPerInput - this.#used - this.#inFlight.size * this.#perCall;
  }

  #samplesLeft(): number {
    return Math.min(this.#orOneCall(this.#whole.samplesLeft()), this.#ownLeft());
  }

  #orOneCall(samples: number): number {
    return samples < this.#perCall && this.mayTake(0) ? this.#perCall : samples;
  }

  /** @throws {OptionError} if there will never be room for its first call */
  async #turn(inputTokens: number): Promise<void> {
    this.#granted = await this.#line.enter(this, inputTokens, this.signal);
    if (this.#granted !== null || this.signal?.aborted) return;
    this.#refusedBy = limitOf(this.#limits.total, this.#whole);
    if (this.#used === 0) throw refusal(this.#limits.total, this.#whole);
  }

  #reserve(inputTokens: number): Reservation | null {
    if (this.#granted !== null) {
      const granted = this.#granted;
      this.#granted = null;
      return granted;
    }
    // Beside a call that was granted; who waits comes first.
    return this.#inFlight.size > 0 && this.#line.isEmpty ? this.take(inputTokens) : null;
  }

  #record(reply: Booked): void {
    this.#giveBack(this.#back);
    this.#book(() => this.#whole.record(reply));
    // A failed call that gives its sample back counts towards the most of one question: it must end.
    this.#used += 1;
  }

  #hold({ inputTokens, outputTokens }: Tokens): void {
    this.#beside = {
      inputTokens: this.#beside.inputTokens + inputTokens,
      outputTokens: this.#beside.outputTokens + outputTokens,
    };
    if (this.#isBesideHeld) this.#whole.hold({ inputTokens, outputTokens });
    this.#tellLine();
  }

  /** Books to the whole, and to the question what that added. */
  #book(booking: () => void): void {
    const whole = this.#whole;
    const [samples, tokens, cost] = [whole.usedSamples(), whole.usedOutputTokens(), whole.usedCostUsd() ?? 0];
    booking();
    this.paidSamples += whole.usedSamples() - samples;
    this.#tokens += whole.usedOutputTokens() - tokens;
    this.#costUsd += (whole.usedCostUsd() ?? 0) - cost;
    this.#tellLine();
  }

  #giveBack(reservations: Iterable<Reservation>): void {
    for (const held of reservations) if (this.#inFlight.delete(held)) this.#whole.release(held);
    this.#back.clear();
  }

  #tellLine(): void {
    this.#line.setBusy(this, this.isHolding && !this.#isOver);
    this.#line.wake();
  }

  #exhausted(): "samples" | "outputTokens" | "cost" | null {
    return this.#ownLeft() < this.#perCall ? "samples" : (this.#refusedBy ?? this.#whole.exhausted());
  }
}

function negative({ inputTokens, outputTokens }: Tokens): Tokens {
  return { inputTokens: -inputTokens, outputTokens: -outputTokens };
}

/** The limit that stands in the way; where it is none of one call's responses, it is that of their prompts. */
function limitOf({ totalCostUsd }: Budget, whole: Account): "samples" | "outputTokens" | "cost" {
  return whole.exhausted() ?? (totalCostUsd === undefined ? "outputTokens" : "cost");
}

/** Why a question finds no room in the total for its first call. */
export function refusal(total: Budget, whole: Account): OptionError {
  const limit = limitOf(total, whole);
  const { planned, spent, reserved } = whole.report();
  const option = (
    { samples: "totalSamples", outputTokens: "totalOutputTokens", cost: "totalCostUsd" } as const
  )[limit];
  const of = limit === "cost" ? "costUsd" : limit;
  const left = (planned[of] ?? 0) - (spent[of] ?? 0) - (reserved[of] ?? 0);
  return new OptionError(
    `shared.${option}`,
    total[option],
    `It is used up: what is left of it (${Number(left.toPrecision(6))}) does not hold the worst case of one more call. Open another shared budget, or give more.`,
  );
}
