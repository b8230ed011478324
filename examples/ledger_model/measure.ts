/**
 * Measures the shipped model, or the GGUF file named with `--model`:
 *
 *   npx tsx examples/ledger_model/measure.ts temperature     one sample, at several temperatures
 *   npx tsx examples/ledger_model/measure.ts greedy          JSON lines for parity.py
 *   npx tsx examples/ledger_model/measure.ts overlap --corpus corpus.jsonl
 *                                                            fails if training saw a held-out question
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ChatLocal } from "../../src/local/index.js";
import { isHeldOut, ledgerQuestions } from "../../src/local/ledger.js";

/** Not the seed of the questions that are reported: on these the temperature may be chosen. */
const CHOICE_SEED = 11;
const SAMPLES = 4;
const ANSWER = /The answer is (\d+)\./;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    corpus: { type: "string" },
    questions: { type: "string", default: "300" },
    copies: { type: "string", default: "1" },
  },
});
const questions = ledgerQuestions({ count: Number(values.questions), seed: CHOICE_SEED });

/** `samples` responses to each question, in a row; one thread for each copy of the model. */
async function respond(samples: number, temperatures: readonly number[]): Promise<string[][]> {
  const pool = Array.from(
    { length: Number(values.copies) },
    (_, place) => new ChatLocal({ seed: place + 1, ...(values.model && { modelPath: values.model }) }),
  );
  const prompts = questions.flatMap(({ question }) => Array.from({ length: samples }, () => question));
  const texts: string[][] = [];
  for (const temperature of temperatures) {
    const ask = async (prompt: string, place: number): Promise<string> =>
      (await pool[place % pool.length]!.invoke(prompt, { temperature })).text;
    texts.push(await Promise.all(prompts.map(ask)));
  }
  await Promise.all(pool.map((chat) => chat.dispose()));
  return texts;
}

async function compareTemperatures(): Promise<void> {
  const temperatures = [0.7, 0.8, 0.9, 1];
  for (const [place, texts] of (await respond(SAMPLES, temperatures)).entries()) {
    const right = texts.filter(
      (text, index) => ANSWER.exec(text)?.[1] === questions[Math.floor(index / SAMPLES)]!.answer,
    );
    const share = (100 * right.length) / texts.length;
    console.log(`temperature ${temperatures[place]}: one sample ${share.toFixed(1)}`);
  }
}

async function writeGreedy(): Promise<void> {
  const [texts = []] = await respond(1, [0]);
  texts.forEach((text, place) => console.log(JSON.stringify({ question: questions[place]!.question, text })));
}

async function assertNoOverlap(): Promise<void> {
  if (!values.corpus) throw new Error("Name the corpus file with --corpus.");
  let documents = 0;
  for await (const line of createInterface({ input: createReadStream(values.corpus) })) {
    const { text } = JSON.parse(line) as { text: string };
    documents++;
    const [, question] = /<\|user\|>(.*?)<\|end\|>/s.exec(text) ?? [];
    if (question !== undefined && isHeldOut(question)) {
      throw new Error(`Document ${documents} of the corpus asks the held-out question "${question}".`);
    }
  }
  console.log(`None of the ${documents} documents of the corpus asks a held-out question.`);
}

const modes: Record<string, () => Promise<void>> = {
  temperature: compareTemperatures,
  greedy: writeGreedy,
  overlap: assertNoOverlap,
};
const mode = modes[positionals[0] ?? ""];
if (!mode) throw new Error(`Name one of: ${Object.keys(modes).join(", ")}.`);
await mode();
