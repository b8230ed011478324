/**
 * Measures the shipped model, or the GGUF file named with `--model`:
 *
 *   npx tsx examples/ledger_model/measure.ts temperature     one sample, at several temperatures
 *   npx tsx examples/ledger_model/measure.ts accuracy        votes and conditioned samples, by number of events
 *   npx tsx examples/ledger_model/measure.ts greedy          JSON lines for parity.py
 *   npx tsx examples/ledger_model/measure.ts overlap --corpus corpus.jsonl
 *                                                            fails if training saw a held-out question
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { drawWithoutReplacement, randomStreams } from "../../src/core/random.js";
import { countVotes } from "../../src/core/votes.js";
import { chainTurns } from "../../src/prompts/chain_turns.js";
import { ChatLocal } from "../../src/local/index.js";
import { isHeldOut, ledgerQuestions } from "../../src/local/ledger.js";
import { type ChainPrompt, guarded } from "../../src/prompts/index.js";

/** Seeds of the questions: the temperature is never chosen on those that are reported. */
const CHOICE_SEED = 11;
const REPORT_SEED = 12;
const ANSWER = /The answer is (\d+)\./;
const LEVELS = [1, 2, 3, 4, 5, 6];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    corpus: { type: "string" },
    questions: { type: "string", default: "300" },
    temperature: { type: "string", default: "0.9" },
    copies: { type: "string", default: "1" },
  },
});
const questionCount = Number(values.questions);
const temperature = Number(values.temperature);
// One thread each; two of them keep two cores busy.
const pool = Array.from(
  { length: Number(values.copies) },
  (_, place) => new ChatLocal({ seed: place + 1, ...(values.model && { modelPath: values.model }) }),
);

/** One response per prompt; a prompt may occur several times. */
function respond(prompts: readonly BaseMessage[][], at: number = temperature): Promise<string[]> {
  return Promise.all(
    prompts.map(async (prompt, place) => {
      const chat = pool[place % pool.length]!;
      return (await chat.invoke(prompt, { temperature: at })).text;
    }),
  );
}

async function chainPrompt(
  wording: ChainPrompt,
  question: string,
  attempts: readonly string[],
): Promise<BaseMessage[]> {
  const quoted = attempts.map((text) => ({ text, answer: null }));
  return [new HumanMessage(question), ...(await chainTurns(wording).render(question, quoted))];
}

const answerOf = (text: string): string | undefined => ANSWER.exec(text)?.[1];
const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const percent = (share: number): string => (100 * share).toFixed(1);

/** Splits a flat list of responses into one list per question. */
function perQuestion<T>(flat: readonly T[], size: number): T[][] {
  return Array.from({ length: flat.length / size }, (_, place) =>
    flat.slice(place * size, (place + 1) * size),
  );
}

/** The most frequent answer; the first one seen wins a tie. */
function majority(texts: readonly string[]): string | undefined {
  return countVotes(texts.map((text) => answerOf(text) ?? null))[0]?.answer;
}

async function compareTemperatures(): Promise<void> {
  const questions = ledgerQuestions({ count: questionCount, seed: CHOICE_SEED });
  for (const at of [0.7, 0.8, 0.9, 1]) {
    const texts = await respond(
      questions.flatMap(({ question }) => Array.from({ length: 4 }, () => [new HumanMessage(question)])),
      at,
    );
    const right = perQuestion(texts, 4).map((own, place) =>
      mean(own.map((text) => Number(answerOf(text) === questions[place]!.answer))),
    );
    console.log(`temperature ${at}: one sample ${percent(mean(right))}`);
  }
}

async function reportAccuracy(): Promise<void> {
  const questions = ledgerQuestions({ count: questionCount, seed: REPORT_SEED });
  const begun = Date.now();
  const texts = await respond(
    questions.flatMap(({ question }) => Array.from({ length: 16 }, () => [new HumanMessage(question)])),
  );
  const seconds = (Date.now() - begun) / 1000;
  const independent = perQuestion(texts, 16);

  // One unit as the library spends it: four samples, then four that read these four in random order.
  const random = randomStreams(1)();
  const prompts = await Promise.all(
    questions.flatMap(({ question }, place) =>
      Array.from({ length: 4 }, () =>
        chainPrompt(guarded, question, drawWithoutReplacement(independent[place]!.slice(0, 4), 4, random)),
      ),
    ),
  );
  const conditioned = perQuestion(await respond(prompts), 4);

  const greedy = await respond(
    questions.map(({ question }) => [new HumanMessage(question)]),
    0,
  );
  const isRight = (place: number, text: string): number =>
    Number(answerOf(text) === questions[place]!.answer);
  const single = (place: number, samples: readonly string[]): number =>
    mean(samples.map((text) => isRight(place, text)));
  const vote = (place: number, samples: readonly string[]): number =>
    Number(majority(samples) === questions[place]!.answer);
  const rows: Record<string, (place: number) => number> = {
    "one sample": (p) => single(p, independent[p]!),
    "one conditioned sample": (p) => single(p, conditioned[p]!),
    "majority of 8": (p) => mean([vote(p, independent[p]!.slice(0, 8)), vote(p, independent[p]!.slice(8))]),
    "majority of 4 + 4 conditioned": (p) => vote(p, [...independent[p]!.slice(0, 4), ...conditioned[p]!]),
    "majority of 16": (p) => vote(p, independent[p]!),
    "greedy (temperature 0)": (p) => isRight(p, greedy[p]!),
  };
  console.log(
    `temperature ${temperature}, ${questions.length} questions, ${questions.length * 16} samples in ${seconds.toFixed(0)} s\n`,
  );
  console.log(`| right, % | all | ${LEVELS.join(" | ")} |\n|---|---|${"---|".repeat(LEVELS.length)}`);
  for (const [name, measure] of Object.entries(rows)) {
    const right = questions.map((_, place) => measure(place));
    const byLevel = LEVELS.map((level) =>
      percent(mean(right.filter((_, place) => questions[place]!.steps === level))),
    );
    console.log(`| ${name} | ${percent(mean(right))} | ${byLevel.join(" | ")} |`);
  }

  console.log(
    "\n| right attempts in the prompt | questions | conditioned sample | independent sample |\n|---|---|---|---|",
  );
  for (let count = 0; count <= 4; count++) {
    const places = [...questions.keys()].filter(
      (place) => 4 * single(place, independent[place]!.slice(0, 4)) === count,
    );
    const after = places.map((place) => single(place, conditioned[place]!));
    // What the same questions give without attempts, from samples that nobody quoted.
    const alone = places.map((place) => single(place, independent[place]!.slice(4)));
    console.log(`| ${count} | ${places.length} | ${percent(mean(after))} | ${percent(mean(alone))} |`);
  }
  const differences = questions.map(
    (_, p) => rows["majority of 4 + 4 conditioned"]!(p) - rows["majority of 8"]!(p),
  );
  const gain = mean(differences);
  const error = Math.sqrt(mean(differences.map((one) => (one - gain) ** 2)) / (differences.length - 1));
  console.log(
    `\n4 + 4 conditioned minus 8 independent: ${percent(gain)} +- ${percent(error)} points (standard error)`,
  );
}

async function writeGreedy(): Promise<void> {
  const questions = ledgerQuestions({ count: questionCount, seed: CHOICE_SEED });
  const texts = await respond(
    questions.map(({ question }) => [new HumanMessage(question)]),
    0,
  );
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
  accuracy: reportAccuracy,
  greedy: writeGreedy,
  overlap: assertNoOverlap,
};
const mode = modes[positionals[0] ?? ""];
if (!mode) throw new Error(`Name one of: ${Object.keys(modes).join(", ")}.`);
await mode();
await Promise.all(pool.map((chat) => chat.dispose()));
