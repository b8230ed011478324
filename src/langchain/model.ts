import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { BaseMessage } from "@langchain/core/messages";
import type { RunnableInterface } from "@langchain/core/runnables";
import { OptionError } from "../core/errors.js";

/** Any chat model, or any Runnable that turns chat input into a message. */
export type ChatLike = RunnableInterface<BaseLanguageModelInput, BaseMessage>;

/** The names under which LangChain's chat models keep their output limit. */
const LIMIT_FIELDS = ["maxTokens", "maxOutputTokens", "maxCompletionTokens"] as const;

/**
 * Most output tokens that one call of the model can return, as far as it tells;
 * settings bound with `withConfig` come before those of the model itself.
 */
export function outputLimit(model: ChatLike): number | undefined {
  for (const layer of layers(model)) {
    for (const field of LIMIT_FIELDS) {
      const value = layer[field];
      if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    }
  }
  return undefined;
}

/** @throws {OptionError} if `model` cannot be called, or would return one cached sample over and over */
export function validateModel(model: ChatLike): void {
  if (typeof model?.invoke !== "function") {
    throw new OptionError(
      "model",
      model,
      'Give a chat model, such as new ChatOpenAI({ model: "gpt-5-mini" }).',
    );
  }
  if (layers(model).some((layer) => Boolean(layer["cache"]))) {
    throw new OptionError(
      "model.cache",
      "set",
      "Cached samples are identical and their votes worthless; construct the model without cache.",
    );
  }
}

/** The model with its bindings peeled off, outermost first: bound settings, then the object they bind. */
function layers(model: ChatLike): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (let layer: unknown = model; typeof layer === "object" && layer !== null;) {
    const { bound, kwargs } = layer as { bound?: unknown; kwargs?: unknown };
    if (typeof kwargs === "object" && kwargs !== null) found.push(kwargs as Record<string, unknown>);
    found.push(layer as Record<string, unknown>);
    layer = bound;
  }
  return found;
}
