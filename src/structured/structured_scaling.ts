import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { OutputParserException } from "@langchain/core/output_parsers";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableBatchOptions, RunnableConfig, RunnableRetry } from "@langchain/core/runnables";
import type { DynScalingMetadata, ScaledMessage } from "../langchain/record.js";
import { ScaledBinding } from "../langchain/retry.js";
import type { Listeners, RetryFields } from "../langchain/retry.js";
import type { StructuredRecord } from "./structure.js";

type Options = Partial<RunnableConfig> | Partial<RunnableConfig>[];

/** What `raw.response_metadata.dynscaling` holds. */
export type StructuredMetadata = DynScalingMetadata & Pick<StructuredRecord, "fields" | "combined">;

/** The winning response, untouched, with the record in its metadata. */
export type StructuredMessage = ScaledMessage & { response_metadata: { dynscaling: StructuredMetadata } };

/** What `includeRaw` returns; `parsed` is `null` if no response holds an object that the schema accepts. */
export interface RawOutput<Output> {
  raw: StructuredMessage;
  parsed: Output;
}

/** Solves inputs with the parts of the `DynScaling` that it comes from. */
export type SolveStructured = (
  inputs: BaseLanguageModelInput[],
  options: Options | undefined,
  settings: { failFast: boolean; maxConcurrency: number | undefined },
) => Promise<(StructuredRecord | Error)[]>;

/** What is shown of a record; an Error is thrown, or stands in its place. */
export type Present<Output> = (record: StructuredRecord) => Output | Error;

/**
 * Objects of a schema, voted on. Made by `DynScaling.withStructuredOutput()`; stands
 * where the chat model's own structured output stood, and the inputs of a `batch()`
 * share the budget.
 */
export class StructuredScaling<RunOutput, Output = RunOutput> extends Runnable<
  BaseLanguageModelInput,
  Output
> {
  static override lc_name(): string {
    return "StructuredScaling";
  }

  override lc_namespace: string[] = ["langchain_dynscaling"];
  override lc_serializable = false;

  readonly #solve: SolveStructured;
  readonly #present: Present<Output>;

  constructor(solve: SolveStructured, present: Present<Output>) {
    super();
    this.#solve = solve;
    this.#present = present;
  }

  /** One input with a budget of its own: `batch([input])[0]`. */
  override async invoke(input: BaseLanguageModelInput, options?: Partial<RunnableConfig>): Promise<Output> {
    const [output] = await this.batch([input], options === undefined ? undefined : [options]);
    return output as Output;
  }

  /**
   * One object per input, in input order. The inputs share the budget.
   *
   * @throws {OptionError} before anything is spent, if the budget cannot pay for one sample per input
   * @throws {OutputParserException} if no response to an input holds an object that the schema accepts, unless `returnExceptions` or `includeRaw`
   */
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Options,
    batchOptions?: RunnableBatchOptions & { returnExceptions?: false },
  ): Promise<Output[]>;
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Options,
    batchOptions?: RunnableBatchOptions & { returnExceptions: true },
  ): Promise<(Output | Error)[]>;
  override batch(
    inputs: BaseLanguageModelInput[],
    options?: Options,
    batchOptions?: RunnableBatchOptions,
  ): Promise<(Output | Error)[]>;
  override async batch(
    inputs: BaseLanguageModelInput[],
    options?: Options,
    batchOptions?: RunnableBatchOptions,
  ): Promise<(Output | Error)[]> {
    const failFast = batchOptions?.returnExceptions !== true;
    const records = await this.#solve(inputs, options, {
      failFast,
      maxConcurrency: batchOptions?.maxConcurrency,
    });
    return records.map((record) => {
      const output = record instanceof Error ? record : this.#present(record);
      if (failFast && output instanceof Error && !(record instanceof Error)) throw output;
      return output;
    });
  }

  /** The full record per input, as `DynScaling.solve()`, with the object and the agreement of its fields. */
  async solve(inputs: BaseLanguageModelInput[], options?: Options): Promise<StructuredRecord<RunOutput>[]> {
    const records = await this.#solve(inputs, options, { failFast: false, maxConcurrency: undefined });
    return records as StructuredRecord<RunOutput>[];
  }

  /** As `DynScaling.withRetry()`: all attempts of one call share one pool. */
  override withRetry(fields?: RetryFields): RunnableRetry<BaseLanguageModelInput, Output> {
    return this.#bind({}).withRetry(fields);
  }

  /** Binds a configuration; the inputs of a batch go on sharing its budget. */
  override withConfig(config: Partial<RunnableConfig>): Runnable<BaseLanguageModelInput, Output> {
    return this.#bind(config);
  }

  /** Listens to the runs of the inputs; a retry around it shares one pool too. */
  override withListeners(listeners: Listeners): Runnable<BaseLanguageModelInput, Output> {
    return this.#bind({}).withListeners(listeners);
  }

  #bind(config: Partial<RunnableConfig>): ScaledBinding<Output> {
    return new ScaledBinding<Output>({ bound: this, config, kwargs: {} });
  }
}

/** The object alone. */
export function objectOf(record: StructuredRecord): unknown {
  return record.object ?? missing(record);
}

/** The object, and the response that stands for it. */
export function objectAndRaw(record: StructuredRecord): RawOutput<unknown> | Error {
  if (record.message === null) return missing(record);
  return { raw: record.message as StructuredMessage, parsed: record.object };
}

/** The record, with an error where it has no object: so its run fails, as the call does. */
export function requireObject(record: StructuredRecord): StructuredRecord {
  return record.object === null ? { ...record, error: missing(record) } : record;
}

function missing({ error, responses }: StructuredRecord): Error {
  if (error) return error;
  const unread = responses.find(({ unparsed }) => unparsed !== undefined);
  const why = unread === undefined ? "" : `; the first: ${unread.unparsed}`;
  return new OutputParserException(
    `None of the ${responses.length} responses holds an object that the schema accepts${why}`,
    unread?.text,
  );
}
