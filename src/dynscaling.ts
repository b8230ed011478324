import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { AIMessage } from "@langchain/core/messages";
import { Runnable, getCallbackManagerForConfig } from "@langchain/core/runnables";
import type { RunnableBatchOptions, RunnableConfig } from "@langchain/core/runnables";
import { ucb } from "./allocators/ucb.js";
import { DEFAULT_BUDGET, openLedger, validateBudget } from "./core/budget.js";
import type { Budget } from "./core/budget.js";
import { OptionError, requireInteger, requireKnownKeys } from "./core/errors.js";
import { solve } from "./core/solve.js";
import type { Method } from "./core/solve.js";
import type { Allocator, Arm, Sampler, UncertaintyMeasure, VotingRule } from "./core/types.js";
import { finalAnswer } from "./extractors/final_answer.js";
import { generator } from "./langchain/generate.js";
import type { AnswerExtractor, OpenInput } from "./langchain/generate.js";
import { questionText, toMessages } from "./langchain/messages.js";
import { outputLimit, validateModel } from "./langchain/model.js";
import type { ChatLike } from "./langchain/model.js";
import { buildRecord } from "./langchain/record.js";
import type { InputRecord, ScaledMessage } from "./langchain/record.js";
import type { ChainPrompt } from "./prompts/chain_prompt.js";
import { integrated } from "./samplers/integrated.js";
import { variationRatio } from "./uncertainty/variation_ratio.js";
import { majority } from "./voting/majority.js";

/** The parts of a method; `langchain-dynscaling/baselines` holds named sets of them. */
export interface MethodFields {
  /** Plans what to ask next. Default `integrated()`, Algorithm 2. */
  sampler?: Sampler<ChainPrompt>;
  /** Decides who gets the next units. Default `ucb()`, Algorithm 3. */
  allocator?: Allocator;
  /** Measures disagreement. Default `variationRatio`. */
  uncertainty?: UncertaintyMeasure;
  /** Turns samples into a winner. Default `majority`. */
  voting?: VotingRule;
  /** B_unit: samples per unit, at least 1. Default 8 (section 4.1). */
  unitSamples?: number;
}

/** Options of `DynScaling`. Only `model` is required; the rest are the paper's values. */
export interface DynScalingFields extends MethodFields {
  /** Any chat model, or any Runnable from chat input to a message. It must not have a cache. */
  model: ChatLike;
  /** What one `batch()` may spend, pooled over its inputs. Default 16 samples per input. */
  budget?: Budget;
  /** Reads the answer from a response. Default `finalAnswer`. */
  extractor?: AnswerExtractor;
  /** Whole number; every random choice of ours follows from it. Default 0. */
  seed?: number;
}

const FIELDS = [
  "model",
  "budget",
  "extractor",
  "sampler",
  "allocator",
  "uncertainty",
  "voting",
  "unitSamples",
  "seed",
];

/**
 * DynScaling (arXiv 2506.16043) as a Runnable: the inputs of one `batch()` share
 * a sampling budget, most of which goes to the questions the model is unsure
 * about, and each answer is a majority vote. Stands where the chat model stood.
 */
export class DynScaling extends Runnable<BaseLanguageModelInput, ScaledMessage> {
  static override lc_name(): string {
    return "DynScaling";
  }

  override lc_namespace: string[] = ["langchain_dynscaling"];
  override lc_serializable = false;

  readonly #model: ChatLike;
  readonly #budget: Budget;
  readonly #extractor: AnswerExtractor;
  readonly #method: Method<ChainPrompt>;

  /** @throws {OptionError} if an option is unknown, missing or out of range */
  constructor(fields: DynScalingFields) {
    super();
    requireKnownKeys("DynScaling", fields, FIELDS);
    validateModel(fields.model);
    const limit = outputLimit(fields.model);
    const { budget = DEFAULT_BUDGET, extractor = finalAnswer, unitSamples = 8, seed = 0 } = fields;
    this.#budget = { ...(limit !== undefined && { maxOutputTokensPerSample: limit }), ...budget };
    validateBudget(this.#budget);
    requireInteger("unitSamples", unitSamples, 1);
    requireInteger("seed", seed, Number.MIN_SAFE_INTEGER);
    requireFunction("extractor", extractor);
    this.#model = fields.model;
    this.#extractor = extractor;
    this.#method = {
      sampler: fields.sampler ?? integrated(),
      allocator: fields.allocator ?? ucb(),
      uncertainty: fields.uncertainty ?? variationRatio,
      voting: fields.voting ?? majority,
      unitSamples,
      seed,
    };
    requireFunction("sampler.plan", this.#method.sampler.plan);
    requireFunction("allocator.allocate", this.#method.allocator.allocate);
    requireFunction("uncertainty", this.#method.uncertainty);
    requireFunction("voting", this.#method.voting);
  }

  /** One input with a budget of its own: `batch([input])[0]`. Budgets are shared only within one `batch()`. */
  override async invoke(
    input: BaseLanguageModelInput,
    options?: Partial<RunnableConfig>,
  ): Promise<ScaledMessage> {
    const [message] = await this.batch([input], options === undefined ? undefined : [options]);
    return message as ScaledMessage;
  }

  /**
   * One message per input, in input order: the winning response, untouched, with
   * the record in `response_metadata.dynscaling` and the usage of all samples in
   * `usage_metadata`. The inputs share the budget.
   *
   * @throws {OptionError} before anything is spent, if the budget cannot pay for one sample per input
   * @throws the first error of an input whose calls all failed, unless `returnExceptions`
   */
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Partial<RunnableConfig> | Partial<RunnableConfig>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions?: false },
  ): Promise<ScaledMessage[]>;
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Partial<RunnableConfig> | Partial<RunnableConfig>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions: true },
  ): Promise<(ScaledMessage | Error)[]>;
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Partial<RunnableConfig> | Partial<RunnableConfig>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(ScaledMessage | Error)[]>;
  override async batch(
    inputs: BaseLanguageModelInput[],
    options?: Partial<RunnableConfig> | Partial<RunnableConfig>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(ScaledMessage | Error)[]> {
    const failFast = batchOptions?.returnExceptions !== true;
    const readable = failFast ? inputs : inputs.map(inputOrError);
    const results = await this.#solve(readable, options, failFast, batchOptions?.maxConcurrency);
    return results.map((result) =>
      result instanceof Error ? result : (result.message ?? result.error ?? new Error("No response.")),
    );
  }

  /**
   * The full record per input, in input order: every sample with its stage,
   * parents, text, answer and usage, and what each round gave. An input without a
   * response has `error` set instead of `message`; it does not disturb the others.
   */
  async solve(
    inputs: BaseLanguageModelInput[],
    options?: Partial<RunnableConfig> | Partial<RunnableConfig>[],
  ): Promise<InputRecord[]> {
    const results = await this.#solve(inputs, options, false, undefined);
    return results.map((result) => {
      if (result instanceof Error)
        throw new OptionError("input", result, "Give a string, a list of messages or a prompt value.");
      return result;
    });
  }

  async #solve(
    inputs: readonly (BaseLanguageModelInput | Error)[],
    options: Partial<RunnableConfig> | Partial<RunnableConfig>[] | undefined,
    failFast: boolean,
    batchConcurrency: number | undefined,
  ): Promise<(InputRecord | Error)[]> {
    // A failed step upstream hands its Error on as an input: it is passed through, unspent.
    const asked = inputs.flatMap((input, place) => (input instanceof Error ? [] : [{ input, place }]));
    if (asked.length === 0) return inputs as Error[];
    const ledger = openLedger(this.#budget, asked.length);
    const messages = asked.map(({ input }) => toMessages(input));
    const batchId = crypto.randomUUID();
    const configs = this._getOptionsList(withOwnMetadata(options, batchId), inputs.length);

    const open = await Promise.all(
      asked.map(({ input, place }, index) =>
        this.#openRun(input, messages[index] as OpenInput["messages"], configs[place] as RunnableConfig),
      ),
    );
    const stop = new AbortController();
    try {
      const outside = {
        generate: generator(open, {
          model: this.#model,
          extractor: this.#extractor,
          maxConcurrency: configs[0]?.maxConcurrency ?? batchConcurrency,
          stop: stop.signal,
        }),
        isOpen: (arm: Arm) => open[arm.index]?.config.signal?.aborted !== true,
        afterWave: (arms: readonly Arm<AIMessage>[]) => {
          if (failFast) throwFirstFailure(arms, open);
        },
      };
      const unwatch = failFast ? stopWhenAborted(open, stop) : () => {};
      const questions = open.map(({ question }) => question);
      const solutions = await solve<AIMessage, ChainPrompt>(questions, this.#method, ledger, outside).finally(
        unwatch,
      );
      const records = solutions.map((solution, index) =>
        buildRecord(solution, open[index]?.run?.runId ?? null, batchId, open[index]?.config.signal?.reason),
      );
      await Promise.all(records.map((record, index) => closeRun(open[index] as OpenInput, record)));
      const byPlace = new Map(asked.map(({ place }, index) => [place, records[index] as InputRecord]));
      return inputs.map((input, place) => byPlace.get(place) ?? (input as Error));
    } catch (error) {
      stop.abort(error);
      await Promise.all(open.map(({ run }) => run?.handleChainError(error)));
      throw error;
    }
  }

  async #openRun(
    input: BaseLanguageModelInput,
    messages: OpenInput["messages"],
    config: RunnableConfig,
  ): Promise<OpenInput> {
    const manager = await getCallbackManagerForConfig(config);
    const run = await manager?.handleChainStart(
      this.toJSON(),
      { input },
      config.runId,
      undefined,
      undefined,
      undefined,
      config.runName ?? this.getName(),
    );
    // The id and the name were this run's; its children must not inherit them.
    const { runId: _runId, runName: _runName, ...inherited } = config;
    return { messages, question: questionText(messages), config: inherited, run };
  }
}

/** With `returnExceptions`, an input that cannot be read is an error in its place. */
function inputOrError(input: BaseLanguageModelInput | Error): BaseLanguageModelInput | Error {
  if (input instanceof Error) return input;
  try {
    toMessages(input);
    return input;
  } catch (error) {
    return error as Error;
  }
}

function requireFunction(option: string, value: unknown): void {
  if (typeof value !== "function")
    throw new OptionError(option, value, "Give a function, or one of the package's own.");
}

/** Copies, because LangChain writes into the metadata object that it is handed. */
function withOwnMetadata(
  options: Partial<RunnableConfig> | Partial<RunnableConfig>[] | undefined,
  batchId: string,
): Partial<RunnableConfig> | Partial<RunnableConfig>[] {
  const own = (config: Partial<RunnableConfig>): Partial<RunnableConfig> => ({
    ...config,
    metadata: { ...config.metadata, dynscaling_batch_id: batchId },
  });
  return Array.isArray(options) ? options.map(own) : own(options ?? {});
}

/**
 * Without `returnExceptions`, one aborted input ends the batch: no call of the others goes on spending.
 *
 * @throws its reason, if a signal is aborted already
 */
function stopWhenAborted(open: readonly OpenInput[], stop: AbortController): () => void {
  const signals = new Set(open.flatMap(({ config }) => config.signal ?? []));
  const listener = (event: Event): void => stop.abort((event.target as AbortSignal).reason);
  for (const signal of signals) signal.throwIfAborted();
  for (const signal of signals) signal.addEventListener("abort", listener, { once: true });
  return () => signals.forEach((signal) => signal.removeEventListener("abort", listener));
}

function throwFirstFailure(arms: readonly Arm[], open: readonly OpenInput[]): void {
  for (const { config } of open) config.signal?.throwIfAborted();
  for (const { samples } of arms) {
    const failed = samples.find(({ error }) => error !== undefined)?.error;
    if (failed && samples.every(({ error }) => error !== undefined)) throw failed;
  }
}

/** LangSmith gets the record beside the message; listeners of events see the message. */
async function closeRun({ run }: OpenInput, record: InputRecord): Promise<void> {
  if (record.error) return run?.handleChainError(record.error);
  const { message, responses: _responses, error: _error, ...dynscaling } = record;
  await run?.handleChainEnd({ output: message, dynscaling });
}
