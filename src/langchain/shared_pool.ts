import { openAccount } from "../core/account.js";
import type { Account, Reservation } from "../core/account.js";
import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";
import { wholeCalls } from "../core/limits.js";
import type { Pool } from "./pool.js";

/** What a batch needs of the pool that it draws on. */
export type BatchPool = Pick<Pool, "payable" | "open" | "watching" | "remember" | "attempt">;

/** What the questions of a stream may spend together, and each of them. */
export interface SharedLimits {
  /** Most samples of one question. */
  maxSamplesPerInput: number;
  /** Hard limits of the whole stream. */
  total: Budget;
  /** Responses that one call of the model brings. */
  samplesPerCall: number;
}

/** One account for questions that come one by one, each seen through a cap of its own. */
export class SharedAccount {
  readonly #limits: SharedLimits;
  readonly #whole: Account;

  /** @throws {OptionError} if the total cannot pay for one call */
  constructor(limits: SharedLimits) {
    this.#limits = limits;
    this.#whole = openAccount(limits.total, 1, limits.samplesPerCall, "fast");
  }

  get usedSamples(): number {
    return this.#whole.usedSamples();
  }

  get usedOutputTokens(): number {
    return this.#whole.usedOutputTokens();
  }

  /** The pool of the next question. What its calls reserved is given back when it is over, however it ends. */
  question(): { pool: BatchPool; close(): void } {
    const whole = this.#whole;
    const { maxSamplesPerInput, samplesPerCall, total } = this.#limits;
    let used = 0;
    let tokens = 0;
    let costUsd = 0;
    const inFlight = new Set<Reservation>();
    const samplesLeft = (): number =>
      Math.min(whole.samplesLeft(), maxSamplesPerInput - used - inFlight.size * samplesPerCall);
    /** Books to the whole, and to the question what that added. */
    const book = (booking: () => void): void => {
      const [tokensBefore, costBefore] = [whole.usedOutputTokens(), whole.usedCostUsd() ?? 0];
      booking();
      tokens += whole.usedOutputTokens() - tokensBefore;
      costUsd += (whole.usedCostUsd() ?? 0) - costBefore;
    };
    const own: Account = {
      usedSamples: () => used,
      usedOutputTokens: () => tokens,
      usedCostUsd: () => (total.prices ? costUsd : null),
      samplesLeft,
      affordable: () => Math.min(whole.affordable(), wholeCalls(samplesLeft(), samplesPerCall)),
      reserve(inputTokens) {
        const held = samplesLeft() < samplesPerCall ? null : whole.reserve(inputTokens);
        if (held) inFlight.add(held);
        return held;
      },
      release(held) {
        // Not twice: its question may be over already.
        if (inFlight.delete(held)) whole.release(held);
      },
      record(reply) {
        book(() => whole.record(reply));
        // A failed call that gives its sample back counts towards the most of one question: it must end.
        used += 1;
      },
      hold: (worstCase) => whole.hold(worstCase),
      charge: (taken) => book(() => whole.charge(taken)),
      isOverdrawn: () => whole.isOverdrawn(),
      exhausted: () => whole.exhausted() ?? (samplesLeft() < samplesPerCall ? "samples" : null),
      report: () => whole.report(),
    };
    const pool: BatchPool = {
      attempt: 0,
      payable: (inputs) => [...inputs],
      open() {
        if (own.affordable() < samplesPerCall) throw spent(total, whole);
        return own;
      },
      watching: (generate) => generate,
      remember: () => {},
    };
    return {
      pool,
      close() {
        for (const held of inFlight) own.release(held);
      },
    };
  }
}

function spent({ totalSamples, totalOutputTokens, totalCostUsd }: Budget, whole: Account): OptionError {
  const limit = whole.exhausted();
  const [option, value] =
    limit === "outputTokens"
      ? ["totalOutputTokens", totalOutputTokens]
      : limit === "cost"
        ? ["totalCostUsd", totalCostUsd]
        : ["totalSamples", totalSamples];
  return new OptionError(`shared.${option}`, value, "It is used up; open another shared budget.");
}
