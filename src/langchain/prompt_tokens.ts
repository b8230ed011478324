import type { BaseMessage } from "@langchain/core/messages";
import type { Arm, SampleRequest } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { openCalls } from "./calls.js";
import { turnsOf } from "./generate.js";
import { generationsPerCall } from "./model.js";
import type { ChatLike } from "./model.js";
import type { OpenInput } from "./runs.js";

/** Sizes of prompts, until the batch or their input is aborted: a counter of tokens may hang. */
export function promptSizes(
  model: ChatLike,
  inputOf: (arm: Arm) => OpenInput,
  stop: AbortSignal,
): (arm: Arm, request: SampleRequest<TurnsPrompt>) => Promise<number> {
  const openCall = openCalls(stop);
  return async (arm, request) => {
    const input = inputOf(arm);
    const call = openCall(input.config.signal);
    return call.race(() => mostPromptTokens(model, input, arm, request)).finally(() => call.close());
  };
}

/** What a provider puts around each message, and before the answer. */
const TOKENS_AROUND_MESSAGE = 16;

/** An image, say, that is named rather than sent along. */
const TOKENS_OF_BLOCK = 4096;

/**
 * Most tokens that the prompt of a call can have: one for each byte of its text, of the tools
 * that it calls and of what else goes with a message, which no tokenizer that reads bytes
 * exceeds, 16 around each message, 4,096 for each block
 * that is no text (or its bytes, if they are more), and the bytes of the tools bound to the model.
 *
 * Some services count more for an image. Once they have told what the same messages took, the
 * bound is that, if it is more; the first calls of such a question may exceed it, and the
 * report of the budget then says by how much (`excess`).
 */
export async function mostPromptTokens(
  model: ChatLike,
  input: OpenInput,
  arm: Arm,
  request: SampleRequest<TurnsPrompt>,
): Promise<number> {
  const own = bytesOf(toolsOf(model)) + TOKENS_AROUND_MESSAGE + sumOf(input.messages);
  return Math.max(own, leastTold(arm, generationsPerCall(model))) + sumOf(await turnsOf(request, arm, input));
}

function sumOf(messages: readonly BaseMessage[]): number {
  return messages.reduce((sum, message) => sum + tokensOf(message), 0);
}

/** Every prompt of a question holds its messages, so none of them has more tokens than the least that was reported. */
function leastTold({ samples }: Arm, samplesPerCall: number): number {
  const told = samples.flatMap(({ usage }) => usage.inputTokens ?? []);
  // The responses to one call share what it took, give or take one.
  return told.length === 0
    ? 0
    : told.reduce((least, tokens) => Math.min(least, tokens)) * samplesPerCall + samplesPerCall;
}

/** What goes with a message besides its content; responses of the model have these fields, and results of tools. */
interface Further {
  role?: unknown;
  tool_calls?: unknown;
  invalid_tool_calls?: unknown;
  tool_call_id?: unknown;
}

function tokensOf(message: BaseMessage): number {
  const { content, additional_kwargs, name } = message;
  const { role, tool_calls, invalid_tool_calls, tool_call_id } = message as Further;
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const text = blocks.reduce((sum, block) => {
    const isText = block.type === "text" && typeof block["text"] === "string";
    return sum + (isText ? bytesOf(block["text"]) : Math.max(TOKENS_OF_BLOCK, bytesOf(block)));
  }, 0);
  const extra = Object.keys(additional_kwargs).length === 0 ? 0 : bytesOf(additional_kwargs);
  const further = [role, tool_calls, invalid_tool_calls, tool_call_id].reduce<number>(
    (sum, each) => sum + bytesOf(each),
    0,
  );
  return text + extra + bytesOf(name) + further + TOKENS_AROUND_MESSAGE;
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
