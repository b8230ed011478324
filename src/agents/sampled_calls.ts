import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { AIMessage } from "@langchain/core/messages";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { InputRecord } from "../langchain/record.js";
import type { SharedScaling } from "../shared.js";
import { note } from "./run_spend.js";

/** Where the scaled calls of an agent go. */
export interface Sampling {
  shared: SharedScaling;
  /** Name of the middleware. */
  name: string;
  /** Records of calls that ended without a response. */
  unanswered: InputRecord[];
}

/** A model bound to tools that samples, and notes in its message what that took. */
export class SampledCalls extends Runnable<BaseLanguageModelInput, AIMessage> {
  override lc_namespace: string[] = ["langchain_dynscaling"];
  readonly #sampling: Sampling;

  constructor(sampling: Sampling) {
    super();
    this.#sampling = sampling;
  }

  /** @throws the error of the record, if no call brought a response */
  override async invoke(
    input: BaseLanguageModelInput,
    options?: Partial<RunnableConfig>,
  ): Promise<AIMessage> {
    const { shared, name, unanswered } = this.#sampling;
    const record = await shared.solve(input, options);
    if (record.message === null) {
      unanswered.push(record);
      throw record.error;
    }
    note(record.message, name, record.budget);
    return record.message;
  }
}
