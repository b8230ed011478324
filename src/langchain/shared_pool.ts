import { openAccount } from "../core/account.js";
import type { Account } from "../core/account.js";
import type { Budget } from "../core/budget.js";
import type { Pool } from "./pool.js";
import { SharedQuestion, refusal } from "./shared_question.js";
import { WaitingLine } from "./waiting_line.js";

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

/** A question that draws on a shared account. */
export interface QuestionPool {
  pool: BatchPool;
  /** Samples that it has paid for so far; failed calls that gave theirs back are not among them. */
  paidSamples(): number;
  /** Gives back what its calls put aside, however it ended. */
  close(): void;
}

/** One account for questions that come one by one, each seen through a cap of its own. */
export class SharedAccount {
  readonly #limits: SharedLimits;
  readonly #whole: Account;
  readonly #line = new WaitingLine();

  /** @throws {OptionError} if the total cannot pay for one call */
  constructor(limits: SharedLimits) {
    this.#limits = limits;
    this.#whole = openAccount(limits.total, 1, limits.samplesPerCall);
  }

  get usedSamples(): number {
    return this.#whole.usedSamples();
  }

  get usedOutputTokens(): number {
    return this.#whole.usedOutputTokens();
  }

  /** The pool of the next question. */
  question(): QuestionPool {
    const { total, samplesPerCall } = this.#limits;
    const question = new SharedQuestion(this.#whole, this.#limits, this.#line);
    const pool: BatchPool = {
      attempt: 0,
      payable: (inputs, [config]) => {
        question.signal = config?.signal;
        return [...inputs];
      },
      open: () => {
        if (question.affordable() < samplesPerCall) throw refusal(total, this.#whole);
        return question.account();
      },
      watching: (generate) => generate,
      remember: () => {},
    };
    return { pool, paidSamples: () => question.paidSamples, close: () => question.close() };
  }
}
