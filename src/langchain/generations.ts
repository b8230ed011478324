import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { CallbackManager } from "@langchain/core/callbacks/manager";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, isBaseMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGeneration, LLMResult } from "@langchain/core/outputs";
import { ChatPromptValue } from "@langchain/core/prompt_values";
import type { RunnableConfig } from "@langchain/core/runnables";
import { BROKEN_OFF, finishReason } from "../extractors/cut_off.js";
import { generationsPerCall } from "./model.js";
import type { ChatLike } from "./model.js";
import { hideSecrets, secretsOf } from "./secrets.js";

/**
 * Calls the model once and returns all its responses: one, or as many as the
 * model is set to return for each request; never more, and never none. The usage of a
 * request stands on its first response alone.
 *
 * @throws {Error} if the model returned anything but messages
 */
export async function respond(
  model: ChatLike,
  messages: BaseMessage[],
  config: Partial<RunnableConfig>,
): Promise<AIMessage[]> {
  try {
    if (generationsPerCall(model) > 1) return await respondSeveral(model, messages, config);
    const message = await model.invoke(messages, tellingReason(model, config));
    return [markedIfBroken(requireMessage(message))];
  } catch (error) {
    hideSecrets(error, secretsOf(model));
    throw error;
  }
}

/** With a handler before those that are told how the response ended. */
function tellingReason(model: ChatLike, config: Partial<RunnableConfig>): Partial<RunnableConfig> {
  const manager = config.callbacks as CallbackManager | undefined;
  return manager ? { ...config, callbacks: withFirst(manager, handlersOf(model).reasonTeller) } : config;
}

async function respondSeveral(
  model: ChatLike,
  messages: BaseMessage[],
  config: Partial<RunnableConfig>,
): Promise<AIMessage[]> {
  const manager = config.callbacks as CallbackManager | undefined;
  const callbacks = manager && forSeveralGenerations(manager, handlersOf(model).usageKeeper);
  // `invoke` would return the first generation alone.
  const result = await (model as unknown as BaseChatModel).generatePrompt(
    [new ChatPromptValue(messages)],
    { ...config, callbacks },
    callbacks,
  );
  keepUsageOnce(result);
  const said = (result.generations[0] ?? []).map((each) => requireMessage((each as ChatGeneration).message));
  const [first] = said;
  if (first === undefined) return [nothingSaid(result)];
  const most = generationsPerCall(model);
  // A sample is one that was asked for; what the others took is in the usage.
  if (said.length > most) first.response_metadata["surplus_choices"] = said.length - most;
  return said.slice(0, most);
}

/** A request that was answered without a single choice is one response without text, and paid for. */
function nothingSaid({ llmOutput }: LLMResult): AIMessage {
  const { promptTokens, completionTokens = 0 } = (llmOutput?.["tokenUsage"] ?? {}) as Partial<
    Record<"promptTokens" | "completionTokens", number>
  >;
  return new AIMessage({
    content: "",
    response_metadata: { finish_reason: "no choices" },
    ...(promptTokens !== undefined && {
      usage_metadata: {
        input_tokens: promptTokens,
        output_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
      },
    }),
  });
}

/**
 * Every generation of a request reports the usage of the whole request, and tracers
 * add them up: this handler comes first and leaves the usage on the first one.
 * Handlers that make a model stream are left out, because a stream interleaves the
 * words of several generations into one message.
 */
function forSeveralGenerations(
  callbacks: CallbackManager,
  usageKeeper: BaseCallbackHandler,
): CallbackManager {
  const own = withFirst(callbacks, usageKeeper);
  const streaming = own.handlers.filter(
    (handler) => "lc_prefer_streaming" in handler && handler.lc_prefer_streaming === true,
  );
  for (const handler of streaming) own.removeHandler(handler);
  return own;
}

/** A handler before all others, so that they see what it did to the result. */
function withFirst(callbacks: CallbackManager, first: BaseCallbackHandler): CallbackManager {
  const own = callbacks.copy();
  own.handlers.unshift(first);
  // The model may stand inside a sequence or a fallback.
  own.inheritableHandlers.unshift(first);
  return own;
}

interface Handlers {
  reasonTeller: BaseCallbackHandler;
  usageKeeper: BaseCallbackHandler;
}

const handlers = new WeakMap<object, Handlers>();

/** What comes before all other handlers of a model's calls. */
function handlersOf(model: ChatLike): Handlers {
  const own = handlers.get(model) ?? {
    reasonTeller: handlerOf(tellFinishReason, model),
    usageKeeper: handlerOf(keepUsageOnce, model),
  };
  handlers.set(model, own);
  return own;
}

function handlerOf(handleLLMEnd: (result: LLMResult) => void, model: ChatLike): BaseCallbackHandler {
  const handleLLMError = (error: unknown): void => hideSecrets(error, secretsOf(model));
  const handler = BaseCallbackHandler.fromMethods({ handleLLMEnd, handleLLMError });
  handler.awaitHandlers = true;
  return handler;
}

/** LangChain leaves it out of the message of a model that streams for a listener. */
function tellFinishReason({ generations }: LLMResult): void {
  for (const { message, generationInfo } of generations.flat() as Partial<ChatGeneration>[]) {
    if (message) message.response_metadata = { ...generationInfo, ...message.response_metadata };
  }
}

function keepUsageOnce({ generations }: LLMResult): void {
  for (const generation of generations.flatMap(([_first, ...others]) => others)) {
    const message = (generation as Partial<ChatGeneration>).message as AIMessage | undefined;
    // Not deleted: a message without the property is written with what it was constructed from.
    if (message) message.usage_metadata = undefined;
  }
}

/**
 * A stream that breaks off between two events looks like one that ended. Clients that talk
 * to a service say who answered; if they say neither how it ended nor what it took, it did not end.
 */
function markedIfBroken(message: AIMessage): AIMessage {
  const { response_metadata: metadata = {}, usage_metadata } = message;
  const isOfService = AIMessageChunk.isInstance(message) && Object.keys(metadata).length > 0;
  if (isOfService && usage_metadata === undefined && finishReason(message) === "unknown")
    message.response_metadata = { ...metadata, finish_reason: BROKEN_OFF };
  return message;
}

function requireMessage(value: unknown): AIMessage {
  if (isBaseMessage(value)) return value as AIMessage;
  throw new Error(
    `The model returned ${typeof value === "object" ? "an object" : JSON.stringify(value)}, not a message.`,
  );
}
