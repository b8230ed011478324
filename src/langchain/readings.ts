import type { AIMessage } from "@langchain/core/messages";
import { patchConfig, pickRunnableConfigKeys } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton, MockAsyncLocalStorage } from "@langchain/core/singletons";
import { race } from "./calls.js";
import type { AnswerExtractor } from "./generate.js";
import { openReading } from "./round_runs.js";
import type { OpenInput } from "./runs.js";

/** Reads the answer of a sample that was asked for with `config`. */
export type Reader = (
  input: OpenInput,
  config: Partial<RunnableConfig>,
  text: string,
  message: AIMessage,
) => string | null | Promise<string | null>;

/**
 * Makes an extractor a part of the trace: what it runs (a judge, say) belongs to the
 * round without being told so. An async extractor gets a run of its own for every
 * response, because nobody knows how many runs it opens; one that is not declared
 * `async` is known for what it is after its first response.
 *
 * @param runs whether it gets one at all
 */
export function reader(extractor: AnswerExtractor, runs = true): Reader {
  let isAsync = Object.prototype.toString.call(extractor) === "[object AsyncFunction]";
  return (input, config, text, message) => {
    const { signal } = config;
    // An extractor may ask a model that never answers.
    const raced = (reading: Promise<string | null>): Promise<string | null> => {
      reading.catch(() => undefined);
      return signal === undefined ? reading : race(signal, () => reading);
    };
    const ask = (own: Partial<RunnableConfig>): ReturnType<AnswerExtractor> => {
      const reading = within(own, () => extractor(text, message));
      return isPromise(reading) ? raced(reading) : reading;
    };
    if (isAsync && runs) return inOwnRun(input, config, ask);
    const reading = ask(config);
    isAsync = isPromise(reading);
    return reading;
  };
}

async function inOwnRun(
  input: OpenInput,
  config: Partial<RunnableConfig>,
  ask: (config: Partial<RunnableConfig>) => ReturnType<AnswerExtractor>,
): Promise<string | null> {
  const run = await openReading(input);
  if (run === undefined) return ask(config);
  try {
    // While the run was opened; a race against a signal that is aborted already never ends.
    config.signal?.throwIfAborted();
    const answer = await ask(patchConfig(config, { callbacks: run.getChild() }));
    await run.handleChainEnd({ answer });
    return answer;
  } catch (error) {
    await run.handleChainError(error);
    throw error;
  }
}

function within<Result>(config: Partial<RunnableConfig>, task: () => Result): Result {
  const storage = AsyncLocalStorageProviderSingleton;
  // Nobody could see the configuration, and preparing it costs as much as a run.
  if (storage.getInstance() instanceof MockAsyncLocalStorage) return task();
  return storage.runWithConfig(pickRunnableConfigKeys(config), task) as Result;
}

export function isPromise<Result>(value: Result | Promise<Result>): value is Promise<Result> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}
