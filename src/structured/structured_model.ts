import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from "@langchain/core/language_models/base";
import type { BaseMessage } from "@langchain/core/messages";
import { Runnable } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { OptionError } from "../core/errors.js";
import { generationsPerCall, usesResponsesApi, validateModel } from "../langchain/model.js";
import type { ChatLike } from "../langchain/model.js";

type Options = Omit<StructuredOutputMethodOptions, "includeRaw">;
type Bag = Record<string, unknown>;

/**
 * The model that `model.withStructuredOutput()` asks, without the parser behind it: its
 * messages are the samples, and an object that cannot be read loses none of them.
 *
 * @throws {OptionError} if the model has no such method, refuses the options, or would hide responses that are paid for
 */
export function structuredModel(model: ChatLike, schema: unknown, options: Options): ChatLike {
  const asked = firstStep(openPipeline(model, schema, options, false));
  if (asked !== undefined) {
    const sampled = withLenientFormat(asked);
    validateModel(sampled);
    return sampled;
  }
  if (generationsPerCall(model) > 1) {
    const fix = "Of its structured output only the first response of a request comes through; leave n at 1.";
    throw new OptionError("model.n", generationsPerCall(model), fix);
  }
  return new RawResponse(openPipeline(model, schema, options, true));
}

function openPipeline(model: ChatLike, schema: unknown, options: Options, includeRaw: boolean): ChatLike {
  const { withStructuredOutput } = model as unknown as Bag;
  if (typeof withStructuredOutput !== "function") {
    const fix =
      "It has no withStructuredOutput(); give the chat model itself, not a binding, a sequence or a fallback around it.";
    throw new OptionError("model", model.constructor.name, fix);
  }
  try {
    return withStructuredOutput.call(model, schema, { ...options, includeRaw }) as ChatLike;
  } catch (error) {
    const fix = `${model.constructor.name} refuses this: ${error instanceof Error ? error.message : String(error)}`;
    throw new OptionError("withStructuredOutput", options.method ?? options, fix);
  }
}

/** What LangChain's chat models return is the model, piped into a parser, under a name. */
function firstStep(pipeline: unknown): ChatLike | undefined {
  let layer = pipeline;
  while (isBag(layer) && isBag(layer["bound"]) && !("first" in layer)) layer = layer["bound"];
  const first = isBag(layer) && "last" in layer ? layer["first"] : undefined;
  return isBag(first) && typeof first["invoke"] === "function" ? (first as unknown as ChatLike) : undefined;
}

/**
 * OpenAI's client parses and validates a response by itself where it got a JSON
 * schema, and throws away one that fails, though it was paid for. It leaves that to
 * whoever brings a parser.
 */
function withLenientFormat(model: ChatLike): ChatLike {
  const parts = model as unknown as Bag;
  const bound = boundFormat(parts);
  if (bound === undefined || typeof parts["_getResponseFormat"] !== "function") return model;
  // As the client would send it: a zod schema is written as JSON schema, and strict.
  const format: unknown = parts["_getResponseFormat"](bound);
  if (!isBag(format) || typeof parts["withConfig"] !== "function") return model;
  if (usesResponsesApi(model)) {
    const { text } = parts["defaultOptions"] as Bag;
    const { json_schema } = format;
    if (text !== undefined || !isBag(json_schema)) return model;
    const own = lenient({ type: "json_schema", ...json_schema });
    return parts["withConfig"]({ text: { format: own } }) as ChatLike;
  }
  return parts["withConfig"]({ response_format: lenient(format) }) as ChatLike;
}

/** The same format, with a parser of our own that parses nothing. */
function lenient(format: Bag): Bag {
  return Object.defineProperty({ ...format }, "$parseRaw", { value: () => null, enumerable: false });
}

function boundFormat(model: Bag): unknown {
  const settings = model["defaultOptions"];
  const format = isBag(settings) ? settings["response_format"] : undefined;
  return isBag(format) && format["type"] === "json_schema" ? format : undefined;
}

/** The raw message of a pipeline that is no model piped into a parser. */
class RawResponse extends Runnable<BaseLanguageModelInput, BaseMessage> {
  override lc_namespace: string[] = ["langchain_dynscaling"];
  readonly #pipeline: ChatLike;

  constructor(pipeline: ChatLike) {
    super();
    this.#pipeline = pipeline;
  }

  override async invoke(
    input: BaseLanguageModelInput,
    options?: Partial<RunnableConfig>,
  ): Promise<BaseMessage> {
    const { raw } = (await this.#pipeline.invoke(input, options)) as unknown as { raw: BaseMessage };
    return raw;
  }
}

function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null;
}
