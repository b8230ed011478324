import type { Account } from "./account.js";
import type { Usage } from "./types.js";

/** The mean of the output tokens that the calls of a batch reported, where tokens are what it is limited in. */
export class TokenMean {
  /** Whether tokens or dollars are limited. */
  readonly isOfUse: boolean;
  #tokens = 0;
  #told = 0;

  constructor(account: Pick<Account, "report">) {
    const { outputTokens, costUsd } = account.report().planned;
    this.isOfUse = outputTokens !== null || costUsd !== null;
  }

  add({ outputTokens }: Usage): void {
    if (outputTokens === undefined) return;
    this.#tokens += outputTokens;
    this.#told += 1;
  }

  /** `null` where a sample costs a sample, until one is known, and while all are zero. */
  get value(): number | null {
    return this.isOfUse && this.#tokens > 0 ? this.#tokens / this.#told : null;
  }
}
