import { createHash, randomInt } from "node:crypto";
import { MAX_SEED } from "./options.js";

/**
 * Gives every call its seed: a hash of the instance's seed, the prompt and how
 * often that prompt came before. The seeds of a concurrent batch thus depend on
 * what was asked, not on which call finishes first.
 */
export class CallSeeds {
  readonly #seed: number;
  /** Calls so far by prompt; short hashes stand for prompts to keep this small. */
  readonly #calls = new Map<string, number>();

  constructor(seed: number = randomInt(MAX_SEED + 1)) {
    this.#seed = seed;
  }

  next(prompt: string): number {
    const key = createHash("sha256").update(prompt).digest("base64").slice(0, 16);
    const calls = this.#calls.get(key) ?? 0;
    this.#calls.set(key, calls + 1);
    const hash = createHash("sha256").update(`${this.#seed} ${key} ${calls}`).digest();
    return hash.readUInt32LE(0) % (MAX_SEED + 1);
  }
}
