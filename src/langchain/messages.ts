import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  AIMessage,
  HumanMessage,
  coerceMessageLikeToMessage,
  mergeUsageMetadata,
} from "@langchain/core/messages";
import type { BaseMessage, UsageMetadata } from "@langchain/core/messages";
import { OptionError } from "../core/errors.js";
import type { Usage } from "../core/types.js";

/** The messages of any chat-model input: a string, a prompt value, or a list of messages. */
export function toMessages(input: BaseLanguageModelInput): BaseMessage[] {
  if (typeof input === "string") return [new HumanMessage(input)];
  if (Array.isArray(input)) return input.map(coerceMessageLikeToMessage);
  if (typeof input?.toChatMessages === "function") return input.toChatMessages();
  throw new OptionError("input", input, "Give a string, a list of messages or a prompt value.");
}

/** Text of the last human message; of the last message if there is none. */
export function questionText(messages: readonly BaseMessage[]): string {
  const asked = messages.findLast((message) => message.getType() === "human") ?? messages.at(-1);
  return asked === undefined ? "" : textOf(asked);
}

/** What `message.text` says, which takes a text apart into blocks to put it together again. */
function textOf(message: BaseMessage): string {
  return typeof message.content === "string" ? message.content : message.text;
}

/**
 * What the model said aloud: its text blocks without reasoning blocks, and
 * without a leading `<think>` section, which open models write into the text. A
 * section that never ends leaves nothing.
 */
export function spokenText(message: BaseMessage): string {
  const text = textOf(message);
  const opened = /^\s*<think>/.test(text);
  const end = text.lastIndexOf("</think>");
  if (!opened && end < 0) return text;
  const rest = end < 0 ? "" : text.slice(end + "</think>".length).trim();
  // Some servers swallow the opening tag; a tag at the very end is then just mentioned.
  return opened || rest !== "" ? rest : text;
}

/** The tools that a response calls, as JSON, so that a chain can quote it; "" if it calls none. */
export function callsText(message: BaseMessage): string {
  const calls = AIMessage.isInstance(message) ? (message.tool_calls ?? []) : [];
  if (calls.length === 0) return "";
  return `Tool calls: ${JSON.stringify(calls.map(({ name, args }) => ({ name, args })))}`;
}

/**
 * Tokens of one response. Output is total minus input where both are known:
 * Gemini counts hidden reasoning only in the total.
 */
export function usageOf(message: BaseMessage): Usage {
  const usage = usageMetadata(message);
  if (usage === undefined) return {};
  const byDifference = usage.total_tokens - usage.input_tokens;
  const cached = usage.input_token_details?.cache_read;
  return {
    inputTokens: usage.input_tokens,
    // OpenAI's client leaves a count of zero out.
    outputTokens: byDifference >= (usage.output_tokens ?? 0) ? byDifference : usage.output_tokens,
    ...(cached !== undefined && { cachedInputTokens: cached }),
  };
}

/**
 * Tokens of each of the responses to one request, which reports them all together:
 * an even share each, the odd ones to the earlier.
 */
export function sharedUsage(responses: readonly BaseMessage[]): Usage[] {
  const whole = usageOf(responses[0] as BaseMessage);
  if (responses.length === 1) return [whole];
  const share = (tokens: number | undefined, place: number): number | undefined =>
    tokens && Math.floor((tokens + responses.length - 1 - place) / responses.length);
  return responses.map((_, place) => {
    const inputTokens = share(whole.inputTokens, place);
    const cachedInputTokens = share(whole.cachedInputTokens, place);
    return {
      inputTokens,
      outputTokens: share(whole.outputTokens, place),
      ...(cachedInputTokens !== undefined && { cachedInputTokens }),
      ...(inputTokens !== undefined && { savedInputTokens: (whole.inputTokens ?? 0) - inputTokens }),
    };
  });
}

/** Usage over several responses as LangChain adds it up; `undefined` if none reported any. */
export function totalUsage(messages: readonly BaseMessage[]): UsageMetadata | undefined {
  return messages
    .map(usageMetadata)
    .filter((usage) => usage !== undefined)
    .reduce<UsageMetadata | undefined>(
      (sum, usage) => (sum === undefined ? usage : mergeUsageMetadata(sum, usage)),
      undefined,
    );
}

/** OpenAI's client reports usage without a single count if the provider did not say. */
function usageMetadata(message: BaseMessage): UsageMetadata | undefined {
  const usage = AIMessage.isInstance(message) ? message.usage_metadata : undefined;
  const count = usage?.input_tokens ?? usage?.output_tokens ?? usage?.total_tokens;
  return count === undefined ? undefined : usage;
}
