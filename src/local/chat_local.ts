import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { ContextOverflowError } from "@langchain/core/errors";
import { BaseChatModel, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage, type UsageMetadata } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { orAbort } from "./abort.js";
import { loadModel, type LocalModel } from "./local_model.js";
import {
  checkCallOptions,
  localOptions,
  type ChatLocalCallOptions,
  type ChatLocalFields,
  type LocalOptions,
} from "./options.js";
import { toTurns } from "./prompt.js";
import { CallSeeds } from "./seeds.js";

/** How an answer ended, and what it cost. */
interface Ending {
  usage_metadata: UsageMetadata;
  response_metadata: { finish_reason: "stop" | "length"; model: string };
}

/**
 * Chat model that runs a GGUF file in this process with llama.cpp, on the CPU.
 * Needs the package `node-llama-cpp`. Without `modelPath` it is the small model
 * shipped with this package, which only knows the questions of `ledgerQuestions`.
 *
 * Concurrent calls are decoded together, `sequences` at a time. The model is
 * loaded by the first call. Calls do not share history. Messages are system,
 * human and ai messages of plain text; a trailing ai message is continued.
 *
 * A message reports what it cost in `usage_metadata`: `input_tokens` are all
 * tokens of the prompt, `output_tokens` all sampled ones, the end token included.
 * `response_metadata.finish_reason` is "stop", or "length" when `maxTokens` or
 * the context cut the answer off.
 *
 * @example
 * ```ts
 * const model = new ChatLocal({ seed: 1 });
 * const message = await model.invoke("At first Ben has 183 pens. ...");
 * ```
 */
export class ChatLocal extends BaseChatModel<ChatLocalCallOptions, AIMessageChunk> {
  /** File name of the model. */
  readonly model: string;
  /** Sampling temperature. */
  readonly temperature: number;
  /** Most tokens one call may sample. */
  readonly maxTokens: number;
  /** How many calls are decoded together. */
  readonly sequences: number;
  readonly #path: string;
  readonly #fields: ChatLocalFields;
  readonly #options: LocalOptions;
  readonly #seeds: CallSeeds;
  #opening: Promise<LocalModel> | undefined;

  /** @throws Error naming a bad option, its value and what it must be. */
  constructor(fields: ChatLocalFields = {}) {
    super(fields);
    this.#fields = { ...fields };
    this.#options = localOptions(fields);
    this.#path = fields.modelPath ?? fileURLToPath(new URL("./ledger.gguf", import.meta.url));
    this.#seeds = new CallSeeds(fields.seed);
    this.model = basename(this.#path);
    this.temperature = this.#options.temperature;
    this.maxTokens = this.#options.maxTokens;
    this.sequences = this.#options.sequences;
  }

  static override lc_name(): string {
    return "ChatLocal";
  }

  _llmType(): string {
    return "llama.cpp";
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    return {
      ls_provider: "llama.cpp",
      ls_model_name: this.model,
      ls_model_type: "chat",
      ls_temperature: options.temperature ?? this.temperature,
      ls_max_tokens: options.maxTokens ?? this.maxTokens,
      ...(options.stop && { ls_stop: options.stop }),
    };
  }

  override invocationParams(options?: this["ParsedCallOptions"]): Record<string, unknown> {
    const { topK, topP } = this.#options;
    return {
      model: this.model,
      temperature: options?.temperature ?? this.temperature,
      max_tokens: options?.maxTokens ?? this.maxTokens,
      seed: options?.seed ?? this.#fields.seed,
      top_k: topK,
      top_p: topP,
      stop: options?.stop,
    };
  }

  override _identifyingParams(): Record<string, unknown> {
    return this.invocationParams();
  }

  /** Frees the model's memory and rejects the calls under way; a later call loads it again. */
  async dispose(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    await (await opening?.catch(() => undefined))?.dispose();
  }

  async _generate(messages: BaseMessage[], options: this["ParsedCallOptions"]): Promise<ChatResult> {
    let text = "";
    const ending = await this.#sample(messages, options, (piece) => {
      text += piece;
    });
    return { generations: [{ text, message: new AIMessage({ content: text, ...ending }) }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const left = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    const chunks = new ReadableStream<ChatGenerationChunk>({
      start: (controller) => {
        const write = (text: string, ending?: Ending): void =>
          controller.enqueue(
            new ChatGenerationChunk({
              text,
              message: new AIMessageChunk({ content: text, ...ending }),
            }),
          );
        this.#sample(messages, { ...options, signal }, write).then(
          (ending) => {
            write("", ending);
            controller.close();
          },
          (error: unknown) => controller.error(error),
        );
      },
      // The reader left early: stop sampling.
      cancel: () => left.abort(),
    });
    for await (const chunk of chunks) {
      yield chunk;
      await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, {
        chunk,
      });
    }
  }

  /** Samples one answer, handing its text to `write` as it comes. */
  async #sample(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    write: (text: string) => void,
  ): Promise<Ending> {
    checkCallOptions(options);
    const turns = toTurns(messages);
    // Drawn before anything asynchronous, so that it depends on the order of calls alone.
    const seed = options.seed ?? this.#seeds.next(JSON.stringify(turns));
    const { stop = [], temperature = this.temperature, maxTokens = this.maxTokens } = options;
    const { topK, topP } = this.#options;
    // A signal of its own: many calls listening to a shared one look like a leak to Node.js.
    const signal = options.signal && AbortSignal.any([options.signal]);

    const local = await orAbort(this.#open(), signal);
    const { tokens: prompt, isEnd } = local.prompt(turns);
    const room = local.contextSize - prompt.length;
    if (room < 1) {
      throw new ContextOverflowError(
        `ChatLocal: the prompt has ${prompt.length} tokens, "contextSize" is ${local.contextSize}; shorten the prompt or raise "contextSize".`,
      );
    }
    const limit = Math.min(maxTokens, room);
    const writer = local.writer(prompt, stop);
    let sampled = 0;
    let ended = false;
    await local.decoder.sample({
      prompt,
      temperature,
      topK,
      topP,
      seed,
      signal,
      take: (token) => {
        sampled += 1;
        ended = isEnd(token);
        if (!ended) {
          const text = writer.write(token);
          if (text !== "") write(text);
          ended = writer.stopped;
        }
        return !ended && sampled < limit;
      },
    });
    const rest = writer.end();
    if (rest !== "") write(rest);
    return {
      usage_metadata: {
        input_tokens: prompt.length,
        output_tokens: sampled,
        total_tokens: prompt.length + sampled,
      },
      response_metadata: {
        finish_reason: ended || writer.stopped ? "stop" : "length",
        model: this.model,
      },
    };
  }

  #open(): Promise<LocalModel> {
    const { sequences, threads } = this.#options;
    const { contextSize, modelPath } = this.#fields;
    const shortKeys = modelPath === undefined;
    if (this.#opening === undefined) {
      const opening = loadModel({ path: this.#path, sequences, threads, contextSize, shortKeys });
      this.#opening = opening;
      // The next call tries again: the package or the file may be there by then.
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    }
    return this.#opening;
  }
}
