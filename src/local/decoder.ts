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
  /** Jobs that came later and went first. */
  passedOver: number;
  /** Set once the caller has its result; the slot is freed after the step in flight. */
  settled: boolean;
  finish(): void;
  fail(error: unknown): void;
}

interface Slot {
  readonly sequence: LlamaContextSequence;
  job?: Job;
  tokens?: AsyncGenerator<Token, void>;
  /** What the sequence holds: the prompt of its last job, and what was sampled after it. */
  held: Token[];
}

/** How many waiting jobs are looked at together for the one to go next. */
const WINDOW = 64;

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
      held: [],
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
          passedOver: 0,
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
      if (free.length === 0 || this.#waiting.length === 0) return;
      const busy = this.#slots.filter((slot) => slot.job !== undefined);
      const { place, slot } = next(this.#waiting, free, busy);
      const [job] = this.#waiting.splice(place, 1) as [Job];
      if (!job.settled) await start(slot, job);
    }
  }

  async #step(slot: Slot): Promise<void> {
    const { job, tokens } = slot;
    if (job === undefined || tokens === undefined) return;
    try {
      const { value, done } = await tokens.next();
      if (!job.settled && !done && job.take(value)) {
        slot.held.push(value);
        return;
      }
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
    slot.held = [...prompt];
  } catch (error) {
    job.fail(error);
    await forget(slot);
  }
}

/**
 * The job that saves most by going now: what a free slot holds of its prompt, less what
 * it could take over by waiting for one that is busy. So prompts that begin alike, those
 * about one question, are read one after another in one slot, and those of different
 * questions beside each other. Among equals the first come; whoever is first in the queue
 * is passed over by at most one window of others.
 */
function next(waiting: Job[], free: Slot[], busy: Slot[]): { place: number; slot: Slot } {
  const [first] = waiting as [Job];
  let best = { place: 0, slot: free[0] as Slot, saved: -Infinity };
  for (const [place, job] of waiting.slice(0, first.passedOver < WINDOW ? WINDOW : 1).entries()) {
    const later = Math.max(0, ...busy.map(({ held }) => common(held, job.prompt)));
    for (const slot of free) {
      const saved = common(slot.held, job.prompt) - later;
      if (saved > best.saved) best = { place, slot, saved };
    }
  }
  if (best.place > 0) first.passedOver += 1;
  return best;
}

/** Tokens with which both begin. */
function common(held: readonly Token[], prompt: readonly Token[]): number {
  const most = Math.min(held.length, prompt.length);
  let length = 0;
  while (length < most && held[length] === prompt[length]) length += 1;
  return length;
}

/** After a failed step nobody knows what the sequence holds. */
async function forget(slot: Slot): Promise<void> {
  const { sequence } = slot;
  slot.held = [];
  if (!sequence.disposed) await sequence.clearHistory().catch(() => undefined);
}

function disposed(): Error {
  return new Error("ChatLocal: the model was disposed during the call.");
}
