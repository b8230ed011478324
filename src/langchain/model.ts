import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { BindToolsInput } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import type { RunnableInterface } from "@langchain/core/runnables";
import { OptionError } from "../core/errors.js";
import type { Sampler } from "../core/types.js";

/** Any chat model, or any Runnable that turns chat input into a message. */
export type ChatLike = RunnableInterface<BaseLanguageModelInput, BaseMessage>;

/** What a chat model's own `bindTools()` takes: tools, and settings such as `tool_choice`. */
export type ToolBinding = [tools: BindToolsInput[], settings?: Record<string, unknown>];

/** @throws {OptionError} if the model takes no tools */
export function bindTools(model: ChatLike, ...binding: ToolBinding): ChatLike {
  const bind = isObject(model) ? model["bindTools"] : undefined;
  if (typeof bind === "function") return bind.call(model, ...binding) as ChatLike;
  const fix = "It takes no tools; give a chat model with bindTools(), not one inside another Runnable.";
  throw new OptionError("model", model, fix);
}

/** The names under which LangChain's chat models keep their output limit. */
const LIMIT_FIELDS = ["maxTokens", "maxOutputTokens", "maxCompletionTokens"] as const;

/** Where LangChain's Runnables keep those that they wrap. */
export const WRAPPED_FIELDS = ["bound", "runnable", "fallbacks", "first", "middle", "last"] as const;

/**
 * Most output tokens that one call of the model can return, as far as it tells;
 * settings bound with `withConfig` come before those of the model itself.
 * `undefined` for a model inside a sequence, a fallback or a retry.
 */
export function outputLimit(model: ChatLike): number | undefined {
  for (let layer: unknown = model; isObject(layer); layer = layer["bound"]) {
    for (const settings of [layer["config"], layer["kwargs"], layer]) {
      const limit = isObject(settings)
        ? LIMIT_FIELDS.map((field) => settings[field]).find(isLimit)
        : undefined;
      if (limit !== undefined) return limit;
    }
  }
  return undefined;
}

/**
 * Responses that one call of the model brings: `n` of OpenAI's client, 1 where a
 * model has no such setting.
 */
export function generationsPerCall(model: ChatLike): number {
  return isObject(model) ? generations(model) : 1;
}

function generations(part: Record<string, unknown>): number {
  const n = part["n"];
  return typeof n === "number" && Number.isSafeInteger(n) && n > 1 && "generatePrompt" in part ? n : 1;
}

/** Whether a model of OpenAI's client speaks its Responses API. */
export function usesResponsesApi(model: unknown): boolean {
  if (!isObject(model) || typeof model["_useResponsesApi"] !== "function") return false;
  return model["_useResponsesApi"](model["defaultOptions"]) === true;
}

/** @throws {OptionError} if `model` cannot be called, repeats one cached sample, or hides all but one of the responses to a request */
export function validateModel(model: ChatLike): void {
  if (typeof model?.invoke !== "function") {
    throw new OptionError(
      "model",
      model,
      'Give a chat model, such as new ChatOpenAI({ model: "gpt-5-mini" }).',
    );
  }
  for (const part of partsOf(model)) {
    if (part["cache"]) {
      const fix =
        "Cached samples are identical and their votes worthless; construct the model without cache.";
      throw new OptionError("model.cache", "set", fix);
    }
    if (generations(part) > 1 && usesResponsesApi(part)) {
      const fix = "OpenAI's Responses API brings one response a request; leave n at 1.";
      throw new OptionError("model.n", part["n"], fix);
    }
    if (part !== (model as unknown) && generations(part) > 1) {
      const fix =
        "Inside another Runnable only the first response of a request comes through and the others are paid for and lost; give the chat model itself, or leave n at 1.";
      throw new OptionError("model.n", part["n"], fix);
    }
  }
}

/** @throws {OptionError} if the model brings several responses a call and the sampler cannot use them */
export function requireResponsesThatFit({ name, singleResponses }: Sampler, model: ChatLike): void {
  const responses = generationsPerCall(model);
  if (singleResponses !== true || responses === 1) return;
  const fix = `The sampler "${name}" builds on one response a call; leave n at 1.`;
  throw new OptionError("model.n", responses, fix);
}

/** The model and everything that it wraps: bindings, retries, fallbacks, steps of a sequence. */
function partsOf(whole: unknown, seen: Set<unknown> = new Set()): Record<string, unknown>[] {
  if (Array.isArray(whole)) return whole.flatMap((part) => partsOf(part, seen));
  if (!isObject(whole) || seen.has(whole)) return [];
  seen.add(whole);
  const inner = WRAPPED_FIELDS.map((field) => whole[field]);
  return [whole, ...partsOf(inner, seen)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isLimit(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
