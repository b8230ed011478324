import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { ToolBinding } from "./langchain/model.js";
import type { InputRecord, ScaledMessage } from "./langchain/record.js";
import { solveOne } from "./shared_budget.js";
import type { SharedBudget, SharedFields, SolveOne } from "./shared_budget.js";
import type {
  AnyObject,
  StructuredOptions,
  StructuredRecord,
  StructuredSchema,
} from "./structured/structure.js";
import type { Present, RawOutput } from "./structured/structured_scaling.js";

/** What a shared budget has spent. */
export interface SharedSpend {
  /** Questions that were answered. */
  inputs: number;
  /** Questions that ended without an answer: all calls failed, aborted, or refused for want of room in a total. */
  failedInputs: number;
  samples: number;
  outputTokens: number;
  /** Least index at which a sample is worth its price now. */
  price: number;
}

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
    const { inputs, failedInputs, account, price } = this.#parts.budget;
    return {
      inputs,
      failedInputs,
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
