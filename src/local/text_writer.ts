import type { LlamaModel, Token } from "node-llama-cpp";

/** A token may end inside a character; the next ones complete it. */
const INCOMPLETE = "\uFFFD";
const LONGEST_CHARACTER = 4;

/** Turns sampled tokens into text, piece by piece, up to the first stop string. */
export class TextWriter {
  readonly #model: LlamaModel;
  readonly #stops: readonly string[];
  #written: Token[];
  #pending: Token[] = [];
  /** Text that may turn out to be the start of a stop string. */
  #held = "";
  #stopped = false;

  /** @param prompt Tokens before the first sampled one; some tokenizers need them to place spaces. */
  constructor(model: LlamaModel, prompt: Token[], stops: readonly string[]) {
    this.#model = model;
    this.#written = prompt.slice(-LONGEST_CHARACTER);
    this.#stops = stops;
  }

  /** Whether a stop string was written; it and what follows it are dropped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Returns the text that is certain after `token`, often one word, sometimes none. */
  write(token: Token): string {
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, false, this.#written);
    if (text.endsWith(INCOMPLETE) && this.#pending.length < LONGEST_CHARACTER) return "";
    this.#written = [...this.#written, ...this.#pending].slice(-LONGEST_CHARACTER);
    this.#pending = [];
    return this.#release(text);
  }

  /** Returns the rest. Call it once, after the last token. */
  end(): string {
    const text = this.#model.detokenize(this.#pending, false, this.#written);
    const rest = this.#release(text) + this.#held;
    this.#held = "";
    return rest;
  }

  #release(text: string): string {
    if (this.#stopped) return "";
    const all = this.#held + text;
    const ends = this.#stops.map((stop) => all.indexOf(stop)).filter((index) => index >= 0);
    if (ends.length > 0) {
      this.#stopped = true;
      this.#held = "";
      return all.slice(0, Math.min(...ends));
    }
    const kept = Math.max(0, ...this.#stops.map((stop) => overlap(all, stop)));
    this.#held = all.slice(all.length - kept);
    return all.slice(0, all.length - kept);
  }
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
