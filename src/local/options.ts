import type {
  BaseChatModelCallOptions,
  BaseChatModelParams,
} from "@langchain/core/language_models/chat_models";

/** Temperature at which the shipped model both errs and recovers often enough to vote over. */
export const DEFAULT_TEMPERATURE = 0.9;
const DEFAULT_MAX_TOKENS = 256;
const DEFAULT_SEQUENCES = 16;
const DEFAULT_THREADS = 1;

/** llama.cpp reads the seed 2^32 - 1 as "take a random one". */
export const MAX_SEED: number = 2 ** 32 - 2;

/** Options of {@link ChatLocal}; every one has a default. */
export interface ChatLocalFields extends BaseChatModelParams {
  /**
   * Path of a GGUF file that carries a chat template.
   * Default: the model shipped with this package. The file is opened by the
   * first call, which throws if it is missing or no GGUF file.
   */
  modelPath?: string;
  /**
   * Sampling temperature, a number >= 0; 0 always takes the likeliest token.
   * Default: 0.9.
   */
  temperature?: number;
  /**
   * Most tokens one call may sample, the end token included; an integer >= 1.
   * What does not fit into the context is cut off.
   * Default: 256.
   */
  maxTokens?: number;
  /**
   * Seed of this instance, an integer from 0 to 4294967294. The seed of a call
   * follows from it, from the prompt and from how often this instance was
   * asked that prompt before: repeated calls differ, repeated programs do not.
   * Default: a random one.
   */
  seed?: number;
  /**
   * How many calls are decoded together, an integer from 1 to 256; further
   * calls wait their turn. Memory grows with `sequences * contextSize`.
   * Default: 16.
   */
  sequences?: number;
  /**
   * Tokens one call can hold, prompt and output together; an integer >= 2, at
   * most what the model was trained with (the first call throws if it is more).
   * Default: what the model was trained with, at most 4096.
   */
  contextSize?: number;
  /**
   * CPU threads of a decoding step, an integer >= 1. More than one slows down
   * a model of a few million parameters; a large one gains from all cores.
   * Default: 1.
   */
  threads?: number;
  /** Sample among the `topK` likeliest tokens, an integer >= 0; 0 means all. Default: 0. */
  topK?: number;
  /** Sample among the likeliest tokens that sum to this probability, > 0 and <= 1. Default: 1. */
  topP?: number;
}

/** Options of a single call. */
export interface ChatLocalCallOptions extends BaseChatModelCallOptions {
  /** Seed of this very call, an integer from 0 to 4294967294: the same prompt and seed give the same answer. */
  seed?: number;
  /** Replaces the instance's `temperature`. */
  temperature?: number;
  /** Replaces the instance's `maxTokens`. */
  maxTokens?: number;
}

/** {@link ChatLocalFields} with defaults in place and every value checked. */
export interface LocalOptions {
  temperature: number;
  maxTokens: number;
  sequences: number;
  threads: number;
  topK: number;
  topP: number;
}

/** @throws Error naming the option, its value and what it must be. */
export function localOptions(fields: ChatLocalFields): LocalOptions {
  const { modelPath, seed, contextSize } = fields;
  if (modelPath !== undefined && (typeof modelPath !== "string" || modelPath === "")) {
    throw refusal("modelPath", modelPath, "the path of a GGUF file, or leave it out for the shipped model");
  }
  if (seed !== undefined) checkInteger("seed", seed, 0, MAX_SEED);
  if (contextSize !== undefined) checkInteger("contextSize", contextSize, 2);

  const { temperature = DEFAULT_TEMPERATURE, maxTokens = DEFAULT_MAX_TOKENS } = fields;
  const { sequences = DEFAULT_SEQUENCES, threads = DEFAULT_THREADS, topK = 0, topP = 1 } = fields;
  checkTemperature(temperature);
  checkInteger("maxTokens", maxTokens, 1);
  checkInteger("sequences", sequences, 1, 256);
  checkInteger("threads", threads, 1);
  checkInteger("topK", topK, 0);
  if (!(topP > 0 && topP <= 1)) throw refusal("topP", topP, "a number > 0 and <= 1");
  return { temperature, maxTokens, sequences, threads, topK, topP };
}

/** @throws Error for a bad value and for the tools this model cannot use. */
export function checkCallOptions(options: object & Partial<ChatLocalCallOptions>): void {
  const { seed, temperature, maxTokens, stop } = options;
  if (seed !== undefined) checkInteger("seed", seed, 0, MAX_SEED);
  if (temperature !== undefined) checkTemperature(temperature);
  if (maxTokens !== undefined) checkInteger("maxTokens", maxTokens, 1);
  if (stop?.some((text) => text === "")) throw refusal("stop", stop, "a list of non-empty strings");
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && ["tools", "tool_choice", "response_format"].includes(name)) {
      throw new Error(
        `ChatLocal: call option "${name}" is not supported: local models answer in plain text only; leave it out.`,
      );
    }
  }
}

function checkTemperature(value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw refusal("temperature", value, "a finite number >= 0");
}

function checkInteger(name: string, value: number, least: number, most?: number): void {
  if (Number.isSafeInteger(value) && value >= least && (most === undefined || value <= most)) return;
  throw refusal(
    name,
    value,
    most === undefined ? `an integer >= ${least}` : `an integer from ${least} to ${most}`,
  );
}

function refusal(name: string, value: unknown, must: string): Error {
  const shown = typeof value === "number" ? String(value) : JSON.stringify(value);
  return new Error(`ChatLocal: option "${name}" is ${shown}; it must be ${must}.`);
}
