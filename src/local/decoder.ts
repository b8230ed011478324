import type { LlamaContext, LlamaContextSequence, Token } from "node-llama-cpp";
import { abortError } from "./abort.js";

/** One answer to sample. */
export interface Sampling {
  /** Tokens of the prompt, at least one. */
  prompt: Token[];
  temperature: number;
  topK: number;
  topP: number;
  seed: number;
  signal: AbortSignal | undefined;
  /** Receives every sampled token; returns whether to sample another one. */
  take(token: Token): boolean;
}

interface Job extends Sampling {
  /** Set once the caller has its result; the slot is freed after the step in flight. */
  settled: boolean;
  finish(): void;
  fail(error: unknown): void;
}

interface Slot {
  readonly sequence: LlamaContextSequence;
  job?: Job;
  tokens?: AsyncGenerator<Token, void>;
}

/**
 * Samples many answers on the sequences of one llama.cpp context.
 *
 * All sequences step together and in the order of their ids: llama.cpp puts only
 * neighbouring ids in ascending order into one pass, so free-running loops, which
 * come back in any order, are a fifth to a third slower. It also makes the passes,
 * and with them rounding, the same whenever the same calls are made.
 */
export class Decoder {
  readonly #context: LlamaContext;
  readonly #slots: Slot[];
  readonly #waiting: Job[] = [];
  #steps: Promise<void> | undefined;
  #closed = false;

  constructor(context: LlamaContext) {
    this.#context = context;
    this.#slots = Array.from({ length: context.totalSequences }, () => ({
      sequence: context.getSequence(),
    }));
  }

  /**
   * Resolves when `take` returned false. Calls beyond the number of sequences
   * wait, first come first served.
   *
   * @throws The abort reason of the signal, at once; or what llama.cpp throws.
   */
  async sample(sampling: Sampling): Promise<void> {
    const { signal } = sampling;
    if (signal?.aborted) throw abortError(signal);
    if (this.#closed) throw disposed();
    let abort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = (done: () => void): void => {
          job.settled = true;
          done();
        };
        const job: Job = {
          ...sampling,
          settled: false,
          finish: () => settle(resolve),
          fail: (error) => settle(() => reject(error)),
        };
        if (signal !== undefined) {
          abort = () => job.fail(abortError(signal));
          signal.addEventListener("abort", abort, { once: true });
        }
        this.#waiting.push(job);
        this.#steps ??= this.#run();
      });
    } finally {
      if (abort !== undefined) signal?.removeEventListener("abort", abort);
    }
  }

  /** Rejects all calls and frees the context. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting) job.fail(disposed());
    for (const slot of this.#slots) slot.job?.fail(disposed());
    await this.#steps;
    await this.#context.dispose();
  }

  async #run(): Promise<void> {
    // Calls made in the same tick share the first step.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      await this.#admit();
      const busy = this.#slots.filter((slot) => slot.job !== undefined);
      if (busy.length === 0 && this.#waiting.length === 0) break;
      await Promise.all(busy.map((slot) => this.#step(slot)));
    }
    this.#steps = undefined;
  }

  /** Gives waiting jobs the free slots. */
  async #admit(): Promise<void> {
    for (;;) {
      const free = this.#slots.filter((slot) => slot.job === undefined);
      if (free.length === 0) return;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      if (!job.settled) await start(mostReusable(free, job.prompt), job);
    }
  }

  async #step(slot: Slot): Promise<void> {
    const { job, tokens } = slot;
    if (job === undefined || tokens === undefined) return;
    try {
      const { value, done } = await tokens.next();
      if (!job.settled && !done && job.take(value)) return;
      job.finish();
      await tokens.return();
    } catch (error) {
      job.fail(error);
      await forget(slot);
    }
    slot.job = undefined;
    slot.tokens = undefined;
  }
}

async function start(slot: Slot, job: Job): Promise<void> {
  const { sequence } = slot;
  const { prompt, temperature, topK, topP, seed } = job;
  try {
    // Keeps the common prefix of the last prompt; the final token must be
    // evaluated anew, because sampling starts from its output.
    await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
    const rest = prompt.slice(sequence.nextTokenIndex);
    slot.tokens = sequence.evaluate(rest, { temperature, topK, topP, seed, yieldEogToken: true });
    slot.job = job;
  } catch (error) {
    job.fail(error);
    await forget(slot);
  }
}

/** The first slot among those that hold the longest beginning of `prompt`. */
function mostReusable(free: Slot[], prompt: Token[]): Slot {
  const reusable = free.map(({ sequence }) => sequence.compareContextTokens(prompt).firstDifferentIndex);
  return free[reusable.indexOf(Math.max(...reusable))] as Slot;
}

/** After a failed step nobody knows what the sequence holds. */
async function forget({ sequence }: Slot): Promise<void> {
  if (!sequence.disposed) await sequence.clearHistory().catch(() => undefined);
}

function disposed(): Error {
  return new Error("ChatLocal: the model was disposed during the call.");
}
