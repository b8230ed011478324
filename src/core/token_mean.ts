import type { Usage } from "./types.js";

/** The mean of the output tokens that the calls of a batch reported. */
export class TokenMean {
  #tokens = 0;
  #told = 0;

  add({ outputTokens }: Usage): void {
    if (outputTokens === undefined) return;
    this.#tokens += outputTokens;
    this.#told += 1;
  }

  /** `null` until one is known, and while all are zero. */
  get value(): number | null {
    return this.#tokens > 0 ? this.#tokens / this.#told : null;
  }
}
