import type { BaseMessage } from "@langchain/core/messages";
import type { Arm, SampleRequest } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { openCalls, race } from "./calls.js";
import { turnsOf } from "./generate.js";
import type { ChatLike } from "./model.js";
import type { OpenInput } from "./runs.js";

/** Sizes of prompts, until the batch or their input is aborted: a counter of tokens may hang. */
export function promptSizes(
  model: ChatLike,
  inputOf: (arm: Arm) => OpenInput,
  stop: AbortSignal,
): (arm: Arm, request: SampleRequest<TurnsPrompt>) => Promise<number> {
  const openCall = openCalls(stop, undefined);
  return async (arm, request) => {
    const input = inputOf(arm);
    const call = openCall(input.config.signal);
    return race(call.signal, () => mostPromptTokens(model, input, arm, request)).finally(() => call.close());
  };
}

/** What a provider puts around each message, and before the answer. */
const TOKENS_AROUND_MESSAGE = 16;

/** An image, say, that is named rather than sent along. */
const TOKENS_OF_BLOCK = 4096;

/**
 * Most tokens that the prompt of a call can have: one for each byte of its text, which no
 * tokenizer that reads bytes exceeds, 16 around each message, 4,096 for each block
 * that is no text (or its bytes, if they are more), and the bytes of the tools bound to the model.
 */
export async function mostPromptTokens(
  model: ChatLike,
  input: OpenInput,
  arm: Arm,
  request: SampleRequest<TurnsPrompt>,
): Promise<number> {
  const messages = [...input.messages, ...(await turnsOf(request, arm, input))];
  return messages.reduce(
    (sum, message) => sum + tokensOf(message),
    bytesOf(toolsOf(model)) + TOKENS_AROUND_MESSAGE,
  );
}

function tokensOf({ content, additional_kwargs, name }: BaseMessage): number {
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const text = blocks.reduce((sum, block) => {
    const isText = block.type === "text" && typeof block["text"] === "string";
    return sum + (isText ? bytesOf(block["text"]) : Math.max(TOKENS_OF_BLOCK, bytesOf(block)));
  }, 0);
  const extra = Object.keys(additional_kwargs).length === 0 ? 0 : bytesOf(additional_kwargs);
  return text + extra + bytesOf(name) + TOKENS_AROUND_MESSAGE;
}

/** What is bound to a model and goes with every call: tools, a schema to answer in. */
function toolsOf(model: ChatLike): unknown[] {
  const found: unknown[] = [];
  for (let layer: unknown = model; typeof layer === "object" && layer !== null;) {
    const { kwargs, config, bound } = layer as { kwargs?: unknown; config?: unknown; bound?: unknown };
    for (const bag of [kwargs, config] as ({ tools?: unknown; response_format?: unknown } | undefined)[]) {
      found.push(bag?.tools, bag?.response_format);
    }
    layer = bound;
  }
  return found.filter((part) => part !== undefined);
}

const encoder = new TextEncoder();

function bytesOf(value: unknown): number {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 0;
  return encoder.encode(typeof value === "string" ? value : JSON.stringify(value)).length;
}
