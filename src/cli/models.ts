import { access } from "node:fs/promises";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { UsageError } from "./usage_error.js";

/** Settings that the command line passes on to any model. */
export interface ModelSettings {
  /** Sampling temperature; the model's own default if absent. */
  temperature?: number | undefined;
  /** Most output tokens of one call; the model's own default if absent. */
  maxOutputTokens?: number | undefined;
  seed: number;
}

type Opener = (name: string, settings: ModelSettings) => Promise<BaseChatModel>;

/** The client repeats nothing: a budget would not hear of what its own attempts cost. */
const OUR_RETRIES = { maxRetries: 0 };

const PROVIDERS: Record<string, Opener> = {
  openai: async (model, { temperature, maxOutputTokens }) => {
    requireKey("OPENAI_API_KEY");
    const { ChatOpenAI } = await load("@langchain/openai", () => import("@langchain/openai"));
    return new ChatOpenAI({
      model,
      ...OUR_RETRIES,
      ...(temperature !== undefined && { temperature }),
      ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
    });
  },
  "google-genai": async (model, { temperature, maxOutputTokens }) => {
    requireKey("GOOGLE_API_KEY");
    const { ChatGoogleGenerativeAI } = await load(
      "@langchain/google-genai",
      () => import("@langchain/google-genai"),
    );
    return new ChatGoogleGenerativeAI({
      model,
      ...OUR_RETRIES,
      ...(temperature !== undefined && { temperature }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    });
  },
  local: async (modelPath, { temperature, maxOutputTokens, seed }) => {
    await load("node-llama-cpp", () => import("node-llama-cpp"));
    if (modelPath !== "") await access(modelPath);
    const { ChatLocal } = await import("../local/index.js");
    return new ChatLocal({
      seed,
      ...(modelPath !== "" && { modelPath }),
      ...(temperature !== undefined && { temperature }),
      ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
    });
  },
};

/** How a model is named on the command line. */
export const MODEL_FORMS = "openai:MODEL, google-genai:MODEL, local, local:FILE.gguf";

/**
 * Opens a chat model by its command-line name.
 *
 * @throws {UsageError} if the form is unknown, the package, the key or the file is missing, or the model refuses a setting
 */
export async function openModel(name: string, settings: ModelSettings): Promise<BaseChatModel> {
  const [provider = "", ...rest] = name.split(":");
  const model = rest.join(":");
  const open = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined;
  if (open === undefined || (provider !== "local" && model === "")) {
    throw new UsageError(`--model: got "${name}". Known forms are ${MODEL_FORMS}.`);
  }
  try {
    return await open(model, settings);
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`--model ${name}: ${(error as Error).message}`);
  }
}

async function load<Module>(name: string, importer: () => Promise<Module>): Promise<Module> {
  try {
    return await importer();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(`--model needs the package ${name}, which is not installed: npm install ${name}`);
  }
}

function requireKey(variable: string): void {
  if (!process.env[variable])
    throw new UsageError(`--model needs a key: set the environment variable ${variable}.`);
}
