import type { BaseLanguageModelInput, LanguageModelOutput } from "@langchain/core/language_models/base";
import type { AIMessage, BaseMessage, SystemMessage } from "@langchain/core/messages";
import type { RunnableInterface } from "@langchain/core/runnables";
import type { BudgetReport } from "../core/account.js";
import { OptionError, requireKnownKeys } from "../core/errors.js";
import type { DynScaling } from "../dynscaling.js";
import type { ToolBinding } from "../langchain/model.js";
import type { InputRecord } from "../langchain/record.js";
import type { SharedFields } from "../shared_budget.js";
import { leftOfRun, note, runOf } from "./run_spend.js";
import { SampledCalls } from "./sampled_calls.js";
import type { Sampling } from "./sampled_calls.js";

/** A chat model, as an agent holds it. */
type AgentModel = RunnableInterface<BaseLanguageModelInput, LanguageModelOutput>;

/** A model call of an agent, as its middleware sees it. */
export interface ModelCall {
  model: AgentModel;
  /** What is sent, without the system message; the last one is what the model answers. */
  messages: BaseMessage[];
  systemMessage: SystemMessage;
  tools: readonly unknown[];
  /** The agent's state, with everything said so far. */
  state: { messages: BaseMessage[] };
}

/** Stands in the `middleware` of `createAgent`. */
export interface ModelCallMiddleware {
  name: string;
  wrapModelCall<Call extends ModelCall>(
    call: Call,
    handler: (call: Call) => AIMessage | Promise<AIMessage>,
  ): Promise<AIMessage>;
}

/** Options of `scaleModelCalls()`. */
export interface ScaleModelCallsOptions {
  /** Answers the scaled calls: its model, which the agent binds its tools to, its extractor, its parts. */
  scaled: DynScaling;
  /** Whether a call is scaled. Default: every call. */
  when?: (call: ModelCall) => boolean | Promise<boolean>;
  /**
   * What the scaled calls of one run of the agent may spend together, as of
   * `scaled.shared()`; an "input" is one scaled call. Default: that of `shared()`.
   */
  perRun?: SharedFields;
  /** Name of the middleware; several in one agent need different ones, and have budgets of their own. Default "ScaleModelCalls". */
  name?: string;
}

/**
 * Middleware for `createAgent` of LangChain that samples the model calls selected by
 * `when` several times and lets the responses vote, by default over the tools they
 * call. The other calls go to the agent's own model, and so do all once the totals of
 * the run do not hold another sample. The agent goes on with the winning message: only
 * its calls are executed.
 *
 * A run begins at the last human message of the state that follows neither a tool's result nor
 * another human message, such as a middleware may add. What it has spent, and what its
 * failed calls may have cost, is noted in its own messages, so it holds over checkpoints
 * and interrupts, and runs side by side do not share. A scaled call whose every sample
 * fails throws, as a model does; what it may have cost counts if it is tried again.
 *
 * @throws {OptionError} if an option is unknown, missing or out of range
 */
export function scaleModelCalls(options: ScaleModelCallsOptions): ModelCallMiddleware {
  requireKnownKeys("scaleModelCalls", options, ["scaled", "when", "perRun", "name"]);
  const { scaled, when = () => true, perRun = {}, name = "ScaleModelCalls" } = options;
  if (typeof scaled?.shared !== "function")
    throw new OptionError("scaleModelCalls.scaled", scaled, "Give new DynScaling({ model }).");
  if (typeof when !== "function")
    throw new OptionError(
      "scaleModelCalls.when",
      when,
      "Give a function of the model call, or leave it out.",
    );
  if (typeof name !== "string" || name === "")
    throw new OptionError("scaleModelCalls.name", name, "Give a text, or leave it out.");
  // What is out of range is said now; later the totals are smaller.
  scaled.shared(perRun);
  /** What calls took that left no message to note it in, by the message that their run begins with. */
  const lost = new WeakMap<BaseMessage, BudgetReport[]>();
  return {
    name,
    async wrapModelCall(call, handler) {
      if (!(await when(call))) return handler(call);
      const { start, spent } = runOf(call.state.messages, name);
      const before = (start && lost.get(start)) ?? [];
      const shared = leftOfRun(scaled, perRun, [...spent, ...before]);
      if (shared === null) return handler(call);
      const unanswered: InputRecord[] = [];
      try {
        const model = sampling(call.model, { shared, name, unanswered });
        return await handler({ ...call, model });
      } catch (error) {
        const record = unanswered.at(-1);
        if (record === undefined) {
          // What the run has left holds no sample of this prompt.
          if (isRefusal(error)) return handler(call);
          throw error;
        }
        if (record.stopReason === "closed") {
          if (start) lost.set(start, [...before, record.budget]);
          throw error;
        }
        const said = await handler(call);
        note(messageOf(said), name, record.budget);
        return said;
      }
    },
  };
}

/** Whether a shared budget refused its first call, so that nothing was spent. */
function isRefusal(error: unknown): boolean {
  if (error instanceof OptionError) return error.option.startsWith("shared.total");
  return error instanceof Error && error.cause !== undefined && isRefusal(error.cause);
}

/** What `createAgent` calls with, which may carry the object that the response holds. */
function messageOf(said: AIMessage | { messages: AIMessage[] }): AIMessage {
  return "messages" in said ? (said.messages.at(-1) as AIMessage) : said;
}

/**
 * The agent's model in all but one thing: bound to tools, as the agent binds it for
 * every call, it samples. So tool choice, structured output and the middleware further
 * in work as ever.
 */
function sampling(model: AgentModel, { shared, ...rest }: Sampling): AgentModel {
  const bindTools = (...binding: ToolBinding): SampledCalls =>
    new SampledCalls({ shared: shared.bindTools(...binding), ...rest });
  return new Proxy(model, {
    get(target, key) {
      const value: unknown = key === "bindTools" ? bindTools : Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
    // By this the agent knows a chat model from a binding, whose inner model it would take.
    has: (target, key) => key === "bindTools" || key === "_streamResponseChunks" || Reflect.has(target, key),
  });
}
