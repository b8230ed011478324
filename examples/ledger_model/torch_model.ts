/** Asks the trained weights through `sample.py`, which answers many prompts at once. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chainTurns } from "../../src/prompts/chain_turns.js";
import type { ChainPrompt } from "../../src/prompts/index.js";

const SCRIPT = fileURLToPath(new URL("sample.py", import.meta.url));
const ANSWER = /The answer is (\d+)\.$/;

export interface Turn {
  role: "system" | "user" | "assistant";
  content: string;
}

/** What the chat template makes of the turns, ready for the model's own. */
export function rendered(turns: readonly Turn[]): string {
  return `${turns.map(({ role, content }) => `<|${role}|>${content}<|end|>`).join("")}<|assistant|>`;
}

/** The library's turns after a question whose attempts are `thoughts`. */
export async function libraryTurns(
  wording: ChainPrompt,
  question: string,
  thoughts: readonly string[],
): Promise<Turn[]> {
  const messages = await chainTurns(wording).render(
    question,
    thoughts.map((text) => ({ text, answer: null })),
  );
  return messages.map((message) => ({
    role: message.type === "ai" ? "assistant" : "user",
    content: message.text,
  }));
}

export const answerOf = (text: string): string | undefined => ANSWER.exec(text)?.[1];

export interface Answer {
  text: string;
  /** Output tokens, the end token included. */
  tokens: number;
}

export interface Asking {
  /** At each temperature; default 1. */
  samples?: number;
  /** 0 is greedy. */
  temperatures: readonly number[];
  seed?: number;
  /** Processes that share the prompts; default 1. */
  copies?: number;
}

/** For every prompt its answers: `samples` at each temperature in turn. */
export async function answers(
  checkpoint: string,
  prompts: readonly string[],
  { copies = 1, seed = 1, ...asking }: Asking,
): Promise<Answer[][]> {
  const parts = await Promise.all(
    [...Array.from({ length: copies }).keys()].map((copy) =>
      answerPart(
        checkpoint,
        prompts.filter((_, place) => place % copies === copy),
        { ...asking, seed: seed * copies + copy },
      ),
    ),
  );
  return prompts.map((_, place) => parts[place % copies]![Math.floor(place / copies)]!);
}

async function answerPart(
  checkpoint: string,
  prompts: readonly string[],
  options: Asking,
): Promise<Answer[][]> {
  const folder = await mkdtemp(join(tmpdir(), "ledger-"));
  const [input, output] = [join(folder, "prompts.jsonl"), join(folder, "texts.jsonl")];
  try {
    await writeFile(input, prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""));
    await promisify(execFile)("/usr/bin/python3", [
      SCRIPT,
      checkpoint,
      input,
      output,
      "--samples",
      String(options.samples ?? 1),
      "--seed",
      String(options.seed ?? 1),
      "--temperatures",
      ...options.temperatures.map(String),
    ]);
    const lines = (await readFile(output, "utf8")).trim().split("\n");
    return lines.map((line) => {
      const { texts, tokens } = JSON.parse(line) as { texts: string[]; tokens: number[] };
      return texts.map((text, place) => ({ text, tokens: tokens[place]! }));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
