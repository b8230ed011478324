import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { voteIndex } from "./allocators/vote_index.js";
import type { Budget } from "./core/budget.js";
import { OptionError, requireInteger, requireKnownKeys } from "./core/errors.js";
import { openStreamPrice } from "./core/stream_price.js";
import type { OpenQuestion, StreamPrice } from "./core/stream_price.js";
import type { Allocator, Sampler } from "./core/types.js";
import type { ToolBinding } from "./langchain/model.js";
import type { InputRecord, ScaledMessage } from "./langchain/record.js";
import { LONGEST_TIMER_MS } from "./langchain/patience.js";
import { SharedAccount } from "./langchain/shared_pool.js";
import type { BatchPool } from "./langchain/shared_pool.js";
import type { TurnsPrompt } from "./prompts/turns.js";
import { independent } from "./samplers/independent.js";
import type {
  AnyObject,
  StructuredOptions,
  StructuredRecord,
  StructuredSchema,
} from "./structured/structure.js";
import type { Present, RawOutput } from "./structured/structured_scaling.js";

/** Options of `DynScaling.shared()`. */
export interface SharedFields {
  /** Samples per question on average over the stream, which the price of a sample keeps to. At least 1. Default 8. */
  samplesPerInput?: number;
  /** Most samples of one question. At least 1. Default 8 times `samplesPerInput`. */
  maxSamplesPerInput?: number;
  /** Most samples of all questions together; a question that finds none left is refused. Default: no limit. */
  totalSamples?: number;
  /** Most output tokens of all questions together, never exceeded where the output limit of a response is known. Default: no limit. */
  totalOutputTokens?: number;
  /** Most US dollars of all questions together, likewise; needs `budget.prices` of the `DynScaling`. Default: no limit. */
  totalCostUsd?: number;
  /** Milliseconds after which a question answers with what it has. 1 to 2147483647. Default: no limit. */
  timeoutMs?: number;
  /**
   * Plans what to ask next. Default `independent()`: conditioned samples need a unit
   * of several before anything can be decided.
   */
  sampler?: Sampler<TurnsPrompt>;
  /** Samples between two decisions. At least 1. Default 1. */
  unitSamples?: number;
}

/** What a shared budget has spent. */
export interface SharedSpend {
  /** Questions that are done. */
  inputs: number;
  samples: number;
  outputTokens: number;
  /** Least index at which a sample is worth its price now. */
  price: number;
}

/** Solves one question with the parts of the `DynScaling` that it comes from. */
export type SolveOne = (
  input: BaseLanguageModelInput,
  config: Partial<RunnableConfig>,
  parts: { pool: BatchPool; allocator: Allocator; sampler: Sampler<TurnsPrompt>; unitSamples: number },
) => Promise<InputRecord>;

/** What a `SharedScaling` is made of. */
export interface SharedParts {
  solve: SolveOne;
  fields: SharedFields;
  budget: SharedBudget;
  /** The same with tools bound to the model. */
  withTools(...binding: ToolBinding): SharedScaling;
  /** What asks for objects of a schema, and what is shown of their records. */
  structured(
    schema: unknown,
    options: StructuredOptions<boolean>,
  ): { solve: SolveOne; present: Present<unknown> };
}

/** What the calls draw on. */
export interface SharedBudget {
  account: SharedAccount;
  price: StreamPrice;
  /** Questions that are done. */
  inputs: number;
}

const FIELDS = [
  "samplesPerInput",
  "maxSamplesPerInput",
  "totalSamples",
  "totalOutputTokens",
  "totalCostUsd",
  "timeoutMs",
  "sampler",
  "unitSamples",
];

/**
 * Calls of `invoke()` that draw on one budget, whenever they come: in sequence, side
 * by side, in a `RunnableParallel`, a LangGraph `Send`, a server. Each question is
 * sampled while its vote index is worth the price of a sample, so easy ones leave
 * their share to hard ones that come later, and the price follows the spend.
 */
export class SharedScaling extends Runnable<BaseLanguageModelInput, ScaledMessage> {
  static override lc_name(): string {
    return "SharedScaling";
  }

  override lc_namespace: string[] = ["langchain_dynscaling"];
  override lc_serializable = false;

  readonly #parts: SharedParts;

  /** Made by `DynScaling.shared()`. */
  constructor(parts: SharedParts) {
    super();
    this.#parts = parts;
  }

  /** What all questions have spent so far, those in flight included. */
  get spend(): SharedSpend {
    const { inputs, account, price } = this.#parts.budget;
    return {
      inputs,
      samples: account.usedSamples,
      outputTokens: account.usedOutputTokens,
      price: price.now(),
    };
  }

  /**
   * The same with tools bound to the model, drawing on the same budget.
   *
   * @param binding what the model's own `bindTools()` takes
   * @throws {OptionError} if the model takes no tools
   */
  bindTools(...binding: ToolBinding): SharedScaling {
    return this.#parts.withTools(...binding);
  }

  /**
   * The same for objects of a schema, drawing on the same budget; see
   * `DynScaling.withStructuredOutput()`. A tolerance is unknown to the price: numbers that
   * differ count as different answers there.
   *
   * @param schema zod, standard schema or JSON schema
   * @throws {OptionError} before anything is spent, if the model cannot do it, or not so
   */
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options?: StructuredOptions<false>,
  ): SharedStructuredScaling<RunOutput>;
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options?: StructuredOptions<true>,
  ): SharedStructuredScaling<RawOutput<RunOutput>>;
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options: StructuredOptions<boolean> = {},
  ): SharedStructuredScaling<RunOutput | RawOutput<RunOutput>> {
    const { solve, present } = this.#parts.structured(schema, options);
    const parts = { ...this.#parts, solve };
    return new SharedStructuredScaling(parts, present as Present<RunOutput | RawOutput<RunOutput>>);
  }

  /**
   * One question. Its record says what it got and why it stopped: "settled" below
   * the price, "samples", "outputTokens" or "cost" at a limit, "closed" at the time limit.
   *
   * @throws {OptionError} before anything is spent, if the total is used up
   * @throws the error of its calls, if all failed; the reason of its signal, if it was aborted
   */
  override async invoke(
    input: BaseLanguageModelInput,
    options?: Partial<RunnableConfig>,
  ): Promise<ScaledMessage> {
    const record = await this.solve(input, options);
    if (record.message === null) throw record.error;
    return record.message;
  }

  /**
   * The full record of one question, as `DynScaling.solve()`: without a response it has
   * `error` instead of `message`.
   *
   * @throws {OptionError} before anything is spent, if the total is used up
   */
  async solve(input: BaseLanguageModelInput, options?: Partial<RunnableConfig>): Promise<InputRecord> {
    return solveOne(this.#parts, input, options);
  }
}

/** Objects of a schema, voted on, from calls that draw on one budget. Made by `SharedScaling.withStructuredOutput()`. */
export class SharedStructuredScaling<Output> extends Runnable<BaseLanguageModelInput, Output> {
  static override lc_name(): string {
    return "SharedStructuredScaling";
  }

  override lc_namespace: string[] = ["langchain_dynscaling"];
  override lc_serializable = false;

  readonly #parts: SharedParts;
  readonly #present: Present<Output>;

  constructor(parts: SharedParts, present: Present<Output>) {
    super();
    this.#parts = parts;
    this.#present = present;
  }

  /**
   * One object, as `SharedScaling.invoke()` gives one message.
   *
   * @throws {OutputParserException} if no response holds an object that the schema accepts, unless `includeRaw`
   */
  override async invoke(input: BaseLanguageModelInput, options?: Partial<RunnableConfig>): Promise<Output> {
    const record = await solveOne(this.#parts, input, options);
    const output = this.#present(record as StructuredRecord);
    if (output instanceof Error) throw output;
    return output;
  }
}

async function solveOne(
  { solve, fields, budget }: SharedParts,
  input: BaseLanguageModelInput,
  options: Partial<RunnableConfig> = {},
): Promise<InputRecord> {
  const { sampler = independent(), unitSamples = 1, timeoutMs } = fields;
  const question = budget.account.question();
  const late = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)];
  const signals = [...late, ...(options.signal ? [options.signal] : [])];
  const config = { ...options, ...(signals.length > 0 && { signal: AbortSignal.any(signals) }) };
  const priced = budget.price.begin();
  let samples: number | null = null;
  try {
    const parts = { pool: question.pool, allocator: allocatorOf(priced), sampler, unitSamples };
    const record = await solve(input, config, parts);
    options.signal?.throwIfAborted();
    budget.inputs += 1;
    samples = record.samples;
    return record;
  } finally {
    priced.finish(samples);
    question.close();
  }
}

/** The price is asked at every decision: what others spend meanwhile counts. */
function allocatorOf(priced: OpenQuestion): Allocator {
  return {
    ...voteIndex(),
    isSettled: (arm) => voteIndex({ price: priced.now(arm.samples.length) }).isSettled?.(arm) === true,
  };
}

/** @throws {OptionError} if an option is unknown or out of range, or the total cannot pay for one call */
export function openSharedBudget(
  fields: SharedFields,
  limits: { total: Budget; samplesPerCall: number },
): SharedBudget {
  const samplesPerInput = checked(fields);
  const { maxSamplesPerInput = Math.ceil(8 * samplesPerInput) } = fields;
  const account = new SharedAccount({ ...limits, maxSamplesPerInput });
  return { account, price: openStreamPrice(samplesPerInput), inputs: 0 };
}

/** @returns the average */
function checked(fields: SharedFields): number {
  requireKnownKeys("shared", fields, FIELDS);
  const { samplesPerInput = 8, maxSamplesPerInput, timeoutMs } = fields;
  if (!Number.isFinite(samplesPerInput) || samplesPerInput < 1) {
    throw new OptionError("shared.samplesPerInput", samplesPerInput, "Give a number of at least 1.");
  }
  if (maxSamplesPerInput !== undefined) requireInteger("shared.maxSamplesPerInput", maxSamplesPerInput, 1);
  if (timeoutMs !== undefined) requireInteger("shared.timeoutMs", timeoutMs, 1, LONGEST_TIMER_MS);
  return samplesPerInput;
}
