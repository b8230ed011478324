import type { ChatHistoryItem, JinjaTemplateChatWrapper, Llama, LlamaModel, Token } from "node-llama-cpp";
import { access } from "node:fs/promises";
import { Decoder } from "./decoder.js";
import { TextWriter } from "./text_writer.js";

const DEFAULT_MOST_CONTEXT = 4096;

type LlamaPackage = typeof import("node-llama-cpp");

/** What {@link loadModel} needs to know. */
export interface ModelSource {
  path: string;
  sequences: number;
  threads: number;
  contextSize: number | undefined;
  /** Keeps attention keys in 8 bits: faster to read, and only for a model whose answers are known to bear it. */
  shortKeys: boolean;
}

/** A GGUF model in memory: its chat template, its tokenizer and its decoder. */
export class LocalModel {
  /** Tokens one sequence can hold. */
  readonly contextSize: number;
  readonly decoder: Decoder;
  readonly #model: LlamaModel;
  readonly #template: JinjaTemplateChatWrapper;

  constructor(model: LlamaModel, template: JinjaTemplateChatWrapper, decoder: Decoder, contextSize: number) {
    this.#model = model;
    this.#template = template;
    this.decoder = decoder;
    this.contextSize = contextSize;
  }

  /**
   * Renders the turns with the model's own template. Only the template's text is
   * read for special tokens; theirs, in a message, are plain characters.
   */
  prompt(turns: ChatHistoryItem[]): { tokens: Token[]; isEnd: (token: Token) => boolean } {
    const model = this.#model;
    const { contextText, stopGenerationTriggers } = this.#template.generateContextState({
      chatHistory: turns,
    });
    const tokens = contextText.tokenize(model.tokenizer);
    const { bos, shouldPrependBosToken } = model.tokens;
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);

    // Some files forget to flag the token their template puts after an answer.
    const ends = new Set(stopGenerationTriggers.map((trigger) => trigger.tokenize(model.tokenizer)[0]));
    const isEnd = (token: Token): boolean =>
      model.isEogToken(token) || (ends.has(token) && model.isSpecialToken(token));
    return { tokens, isEnd };
  }

  writer(prompt: Token[], stops: readonly string[]): TextWriter {
    return new TextWriter(this.#model, prompt, stops);
  }

  async dispose(): Promise<void> {
    await this.decoder.close();
    await this.#model.dispose();
  }
}

/** @throws Error saying what to install, or what is wrong with the file or the context size. */
export async function loadModel(source: ModelSource): Promise<LocalModel> {
  const lib = await importLlama();
  await access(source.path).catch((cause: unknown) => {
    throw new Error(`ChatLocal: cannot read "${source.path}"; set "modelPath" to a GGUF file.`, {
      cause,
    });
  });
  const llama = await startLlama(lib);
  const model = await llama.loadModel({ modelPath: source.path, gpuLayers: 0 }).catch((cause: unknown) => {
    throw new Error(`ChatLocal: cannot load "${source.path}"; is it a GGUF file that llama.cpp supports?`, {
      cause,
    });
  });
  try {
    const template = chatTemplate(lib, model);
    const contextSize = source.contextSize ?? Math.min(model.trainContextSize, DEFAULT_MOST_CONTEXT);
    if (contextSize > model.trainContextSize) {
      throw new Error(
        `ChatLocal: option "contextSize" is ${contextSize}; this model was trained with ${model.trainContextSize}, set it to that or less.`,
      );
    }
    const { sequences, threads, shortKeys } = source;
    // On a CPU, flash attention reads prompts slower than it samples faster; values in 8 bits need it.
    const context = await model.createContext({
      sequences,
      threads,
      contextSize,
      flashAttention: false,
      ...(shortKeys && { experimentalKvCacheKeyType: "Q8_0" }),
    });
    return new LocalModel(model, template, new Decoder(context), contextSize);
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function importLlama(): Promise<LlamaPackage> {
  try {
    return await import("node-llama-cpp");
  } catch (cause) {
    throw new Error(
      "ChatLocal needs the package node-llama-cpp, which did not load. Run: npm install node-llama-cpp",
      {
        cause,
      },
    );
  }
}

/**
 * One for the process, because its backend is: once disposed, it cannot be
 * started again. It holds no model; node-llama-cpp disposes it at exit.
 */
let running: Promise<Llama> | undefined;

function startLlama(lib: LlamaPackage): Promise<Llama> {
  running ??= lib
    .getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: lib.LlamaLogLevel.disabled,
      logger: () => undefined,
      // No limit shared by all models; each has its own `threads`.
      maxThreads: 0,
    })
    .catch((cause: unknown) => {
      running = undefined;
      throw new Error(
        "ChatLocal: node-llama-cpp has no ready-made llama.cpp for this machine. Install it with its optional packages: npm install node-llama-cpp --include=optional",
        { cause },
      );
    });
  return running;
}

function chatTemplate(lib: LlamaPackage, model: LlamaModel): JinjaTemplateChatWrapper {
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  if (!template)
    throw new Error(
      `ChatLocal: "${model.filename}" has no chat template; use an instruction-tuned GGUF file.`,
    );
  return new lib.JinjaTemplateChatWrapper({
    template,
    tokenizer: model.tokenizer,
    functionCallMessageTemplate: "noJinja",
    trimLeadingWhitespaceInResponses: false,
  });
}
