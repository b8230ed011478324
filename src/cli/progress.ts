import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { AIMessage } from "@langchain/core/messages";
import type { LLMResult } from "@langchain/core/outputs";
import type { Prices } from "../core/budget.js";
import { usageOf } from "../langchain/messages.js";
import { ROUND_EVENT } from "../langchain/round_runs.js";
import type { RoundEvent } from "../langchain/round_runs.js";

/** Where progress goes; `process.stderr` fits. */
export interface ProgressStream {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** The limit that a run counts towards. */
export type Target = { samples: number } | { outputTokens: number } | { costUsd: number; prices: Prices };

/** A terminal's line is redrawn at most this often. */
const REDRAW_MS = 100;

/** Lines printed over a whole run where nothing can be redrawn. */
const PLAIN_LINES = 10;

/**
 * Counts the model calls of a run as a LangChain callback handler and shows them:
 * one line redrawn on a terminal, about ten plain lines elsewhere.
 */
export class Progress extends BaseCallbackHandler {
  name = "dynscaling_progress";
  override awaitHandlers = true;

  #samples = 0;
  #failed = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #drawnAt = 0;
  #plainShown = 0;
  readonly #startedAt = Date.now();
  readonly #label: string;
  readonly #target: Target;
  readonly #stream: ProgressStream;

  /** @param target the limit that the run counts towards */
  constructor(label: string, target: Target, stream: ProgressStream) {
    super();
    this.#label = label;
    this.#target = target;
    this.#stream = stream;
  }

  override handleLLMEnd(output: LLMResult): void {
    const generation = output.generations[0]?.[0] as { message?: unknown } | undefined;
    this.#samples += 1;
    const usage = AIMessage.isInstance(generation?.message) ? usageOf(generation.message) : {};
    this.#inputTokens += usage.inputTokens ?? 0;
    this.#outputTokens += usage.outputTokens ?? 0;
    this.#show();
  }

  override handleLLMError(): void {
    this.#samples += 1;
    this.#failed += 1;
    this.#show();
  }

  /** What a journal gave was no call. */
  override handleCustomEvent(name: string, event: unknown): void {
    if (name !== ROUND_EVENT) return;
    this.#samples += (event as RoundEvent).replayedPulls;
    this.#show();
  }

  /** Ends the display with a last line. */
  finish(): void {
    this.#stream.write(this.#stream.isTTY ? `\r\u001b[K${this.#line()}\n` : `${this.#line()}\n`);
  }

  #show(): void {
    if (this.#stream.isTTY) {
      if (Date.now() - this.#drawnAt < REDRAW_MS) return;
      this.#drawnAt = Date.now();
      this.#stream.write(`\r\u001b[K${this.#line()}`);
    } else if (Math.floor(this.#share() * PLAIN_LINES) > this.#plainShown) {
      this.#plainShown = Math.floor(this.#share() * PLAIN_LINES);
      this.#stream.write(`${this.#line()}\n`);
    }
  }

  #share(): number {
    const target = this.#target;
    if ("samples" in target) return this.#samples / target.samples;
    if ("outputTokens" in target) return this.#outputTokens / target.outputTokens;
    const { inputUsdPerMillionTokens, outputUsdPerMillionTokens } = target.prices;
    const cost =
      this.#inputTokens * inputUsdPerMillionTokens + this.#outputTokens * outputUsdPerMillionTokens;
    return cost / 1e6 / target.costUsd;
  }

  #line(): string {
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    return (
      `${this.#label}  ${String(Math.round(100 * this.#share())).padStart(3)}%  ` +
      `${this.#samples.toLocaleString("en")} samples${failed}, ${this.#outputTokens.toLocaleString("en")} output tokens, ${seconds} s${this.#left(seconds)}`
    );
  }

  /** Time left, as the pace so far suggests. */
  #left(seconds: number): string {
    const share = this.#share();
    if (share <= 0 || share >= 1 || seconds < 1) return "";
    const left = Math.round((seconds * (1 - share)) / share);
    if (left < 120) return `, about ${left} s left`;
    return left < 7200
      ? `, about ${Math.round(left / 60)} min left`
      : `, about ${(left / 3600).toFixed(1)} h left`;
  }
}
