import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableBatchOptions, RunnableConfig, RunnableRetry } from "@langchain/core/runnables";
import { openAccount } from "./core/account.js";
import { completeBudget } from "./core/budget.js";
import type { Budget } from "./core/budget.js";
import { OptionError } from "./core/errors.js";
import type { Method } from "./core/rounds.js";
import { completeFields } from "./fields.js";
import type { DynScalingFields, DynScalingSettings } from "./fields.js";
import { readInput, readInputOrError, solveBatch, withBatchId } from "./langchain/batch.js";
import type { Batch } from "./langchain/batch.js";
import { estimateBatch } from "./langchain/estimate.js";
import type { Estimate } from "./langchain/estimate.js";
import { toMessages } from "./langchain/messages.js";
import { bindTools, generationsPerCall, outputLimit, requireResponsesThatFit } from "./langchain/model.js";
import type { ToolBinding } from "./langchain/model.js";
import { takePool } from "./langchain/pool.js";
import type { InputRecord, ScaledMessage } from "./langchain/record.js";
import { ScaledBinding } from "./langchain/retry.js";
import type { Listeners, RetryFields } from "./langchain/retry.js";
import { requireFunction, resolveMethod } from "./method.js";
import type { TurnsPrompt } from "./prompts/turns.js";
import { openStructure } from "./structured/structure.js";
import type {
  AnyObject,
  StructuredOptions,
  StructuredRecord,
  StructuredSchema,
} from "./structured/structure.js";
import { StructuredScaling, objectAndRaw, objectOf, requireObject } from "./structured/structured_scaling.js";
import type { Present, RawOutput, SolveStructured } from "./structured/structured_scaling.js";
import { SharedScaling } from "./shared.js";
import type { SharedParts } from "./shared.js";
import { openSharedBudget } from "./shared_budget.js";
import type { SharedBudget, SharedFields, SolveOne } from "./shared_budget.js";

/** What changes in a batch that is solved with a method. */
type SettingsOf = (method: Method<TurnsPrompt>) => Partial<Batch> & { method: Method<TurnsPrompt> };

/**
 * DynScaling (arXiv 2506.16043) as a Runnable: the inputs of one `batch()` share
 * a sampling budget. Each gets a first unit; what is left goes to the questions
 * the model is unsure about. Each answer is a majority vote. Stands where the
 * chat model stood.
 */
export class DynScaling extends Runnable<BaseLanguageModelInput, ScaledMessage> {
  static override lc_name(): string {
    return "DynScaling";
  }

  override lc_namespace: string[] = ["langchain_dynscaling"];
  override lc_serializable = false;

  readonly #fields: DynScalingFields;
  readonly #settings: DynScalingSettings;

  /** @throws {OptionError} if an option is unknown, missing or out of range */
  constructor(fields: DynScalingFields) {
    super();
    this.#fields = fields;
    this.#settings = completeFields(fields);
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
    const results = await this.#solve(inputs.map(failFast ? readInput : readInputOrError), options, {
      failFast,
      keepsResponses: false,
      maxConcurrency: batchOptions?.maxConcurrency,
    });
    return results.map((result) =>
      result instanceof Error ? result : (result.message ?? (result.error as Error)),
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
    const read = inputs.map((input) => ({ input, messages: toMessages(input) }));
    return (await this.#solve(read, options, {
      failFast: false,
      maxConcurrency: undefined,
    })) as InputRecord[];
  }

  /**
   * Says before a `batch()` or `solve()` of these inputs what it will at most spend; see
   * `Estimate` for what comes on top where samples alone are limited. Nothing is called.
   *
   * @throws {OptionError} as `batch()`, if the budget cannot pay for one sample per input
   */
  estimate(inputs: readonly BaseLanguageModelInput[]): Estimate {
    if (inputs.length === 0) return estimateBatch({ totalSamples: 0 }, 0, 0);
    openAccount(this.#settings.budget, inputs.length, generationsPerCall(this.#settings.model));
    return estimateBatch(this.#settings.budget, outputLimit(this.#settings.model), inputs.length);
  }

  /**
   * Asks the inputs that failed again, with what is left of the budget: all
   * attempts of one `invoke()` or `batch()` share one pool. What a failed input
   * has left of its even share waits for its next attempt; if nothing is left, or
   * asking again would be in vain, the retry ends at once with the error.
   *
   * A retry around a chain cannot be told from another batch: each attempt has a
   * pool of its own. Write `prompt.pipe(scaled.withRetry())`, not `prompt.pipe(scaled).withRetry()`.
   */
  override withRetry(fields?: RetryFields): RunnableRetry<BaseLanguageModelInput, ScaledMessage> {
    return this.withConfig({}).withRetry(fields);
  }

  /** Binds a configuration; the inputs of a batch go on sharing its budget. */
  override withConfig(config: Partial<RunnableConfig>): Runnable<BaseLanguageModelInput, ScaledMessage> {
    return new ScaledBinding({ bound: this, config, kwargs: {} });
  }

  /** Listens to the runs of the inputs; a retry around it shares one pool too. */
  override withListeners(listeners: Listeners): Runnable<BaseLanguageModelInput, ScaledMessage> {
    return this.withConfig({}).withListeners(listeners);
  }

  /**
   * The same with tools bound to the model, as the model's own `bindTools()` does it. By
   * default the vote is then over the calls; see `toolCalls()` of `langchain-dynscaling/extractors`.
   *
   * @throws {OptionError} if the model takes no tools
   */
  bindTools(...binding: ToolBinding): DynScaling {
    return new DynScaling({ ...this.#fields, model: bindTools(this.#settings.model, ...binding) });
  }

  /**
   * Objects of a schema, with the signature of the chat model's own method: every sample
   * is asked for as the model does it, parsed and validated. A sample that fails says
   * why in its record (`unparsed`) and never votes. The objects vote as wholes, or by
   * fields with `vote: byField()` of `langchain-dynscaling/structured`. Instead of the
   * `extractor` and the `grouping` of this `DynScaling`, the schema reads the responses;
   * chains quote them as JSON. With `jsonMode` the prompt must ask for the schema.
   *
   * @param schema zod, standard schema or JSON schema
   * @throws {OptionError} before anything is spent, if the model cannot do it, or not so
   */
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options?: StructuredOptions<false>,
  ): StructuredScaling<RunOutput>;
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options?: StructuredOptions<true>,
  ): StructuredScaling<RunOutput, RawOutput<RunOutput>>;
  withStructuredOutput<RunOutput extends AnyObject = AnyObject>(
    schema: StructuredSchema<RunOutput>,
    options: StructuredOptions<boolean> = {},
  ): StructuredScaling<RunOutput, RunOutput | RawOutput<RunOutput>> {
    const { settingsOf, present } = this.#structure(schema, options);
    const structure = settingsOf(this.#settings.method);
    const solve: SolveStructured = async (inputs, config, settings) => {
      const read = inputs.map(settings.failFast ? readInput : readInputOrError);
      return (await this.#solve(read, config, { ...settings, ...structure })) as (StructuredRecord | Error)[];
    };
    return new StructuredScaling(solve, present as Present<RunOutput | RawOutput<RunOutput>>);
  }

  /**
   * A Runnable whose separate calls of `invoke()` share one budget: for questions
   * that come one by one, and for places that never call `batch()`, such as
   * `RunnableParallel`, LangGraph's `Send` or a server. It decides by the vote index
   * instead of the allocator, and by default asks independently, one sample at a time.
   *
   * @throws {OptionError} if an option is unknown or out of range
   */
  shared(fields: SharedFields = {}): SharedScaling {
    const { totalSamples, totalOutputTokens, totalCostUsd } = fields;
    const limits: Budget = {
      ...(totalSamples !== undefined && { totalSamples }),
      ...(totalOutputTokens !== undefined && { totalOutputTokens }),
      ...(totalCostUsd !== undefined && { totalCostUsd }),
    };
    const { maxOutputTokensPerSample: worstCase, prices } = this.#settings.budget;
    const total =
      Object.keys(limits).length === 0
        ? limits
        : completeBudget(
            {
              ...limits,
              ...(prices && { prices }),
              ...(worstCase !== undefined && { maxOutputTokensPerSample: worstCase }),
            },
            outputLimit(this.#settings.model),
          );
    const limitsOfStream = { total, samplesPerCall: generationsPerCall(this.#settings.model) };
    return this.#sharing(fields, total, openSharedBudget(fields, limitsOfStream));
  }

  #sharing(fields: SharedFields, total: Budget, budget: SharedBudget): SharedScaling {
    const solveWith =
      (settingsOf?: SettingsOf): SolveOne =>
      async (input, config, { pool, ...parts }) => {
        const method = resolveMethod({ ...this.#settings.method, ...parts }, this.#settings.method.seed);
        requireResponsesThatFit(method.sampler, this.#settings.model);
        const read = { input, messages: toMessages(input) };
        const settings = {
          failFast: false,
          maxConcurrency: undefined,
          keepsResponses: false,
          pool,
          method,
          budget: total,
          // One question has nobody to wait for, and calls sent beside each other would be sent blindly.
          schedule: "rounds" as const,
        };
        const [record] = await this.#solve([read], [config], { ...settings, ...settingsOf?.(method) });
        return record as InputRecord;
      };
    const withTools: SharedParts["withTools"] = (...binding) =>
      this.bindTools(...binding).#sharing(fields, total, budget);
    const structured: SharedParts["structured"] = (schema, options) => {
      const { settingsOf, present } = this.#structure(schema, options);
      if (options.uncertainty !== undefined) {
        const fix =
          "A shared budget decides by the votes, so it would change nothing; leave it out, or use batch().";
        throw new OptionError("uncertainty", options.uncertainty, fix);
      }
      return { solve: solveWith(settingsOf), present };
    };
    return new SharedScaling({ solve: solveWith(), fields, budget, withTools, structured });
  }

  /** What structured output changes in a batch that is solved with a method, and what is shown of its records. */
  #structure(
    schema: unknown,
    options: StructuredOptions<boolean>,
  ): { settingsOf: SettingsOf; present: Present<unknown> } {
    const { uncertainty, includeRaw = false } = options;
    if (uncertainty !== undefined) requireFunction("uncertainty", uncertainty);
    const { samplerOf, uncertaintyOf, votingOf, ...structure } = openStructure(
      this.#settings.model,
      schema,
      options,
    );
    const complete: typeof structure.complete = async (record, tally) => {
      const completed = await structure.complete(record, tally);
      return includeRaw ? completed : requireObject(completed);
    };
    const settingsOf: SettingsOf = (method) => ({
      ...structure,
      complete,
      method: {
        ...method,
        sampler: samplerOf(method.sampler),
        uncertainty: uncertaintyOf(method.uncertainty),
        voting: votingOf(method.voting),
      },
      grouping: undefined,
      name: "StructuredScaling",
    });
    return { settingsOf, present: includeRaw ? objectAndRaw : objectOf };
  }

  #solve(
    inputs: Batch["inputs"],
    options: Partial<RunnableConfig> | Partial<RunnableConfig>[] | undefined,
    settings: Pick<Batch, "failFast" | "maxConcurrency"> &
      Partial<Omit<Batch, "inputs" | "configs" | "batchId" | "failFast" | "maxConcurrency">>,
  ): Promise<(InputRecord | Error)[]> {
    const batchId = crypto.randomUUID();
    const configs = this._getOptionsList(withBatchId(options, batchId), inputs.length);
    return solveBatch({
      inputs,
      configs,
      batchId,
      ...this.#settings,
      keepsResponses: true,
      serialized: this.toJSON(),
      name: this.getName(),
      pool: takePool(configs),
      ...settings,
      maxConcurrency: configs[0]?.maxConcurrency ?? settings.maxConcurrency,
    });
  }
}
