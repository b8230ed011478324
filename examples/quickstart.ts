/**
 * The quick start: one sample, best-of-n and DynScaling, with and without its
 * synthetic chains, on the embedded model and word problems that it never saw in
 * training.
 *
 *   npm start -- [--seed 1] [--questions 30] [--tokens-per-question 800]
 */
import { parseArgs } from "node:util";
import { DynScaling } from "langchain-dynscaling";
import type { InputRecord, MethodFields } from "langchain-dynscaling";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { proportion } from "langchain-dynscaling/evaluation";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";
import { independent } from "langchain-dynscaling/samplers";
import { Progress } from "../src/cli/progress.js";
import { printTable } from "./support/table.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    questions: { type: "string", default: "30" },
    "tokens-per-question": { type: "string", default: "800" },
  },
});
const seed = Number(values.seed);
const questions = ledgerQuestions({ count: Number(values.questions), seed });
const totalOutputTokens = Number(values["tokens-per-question"]) * questions.length;

/** Output limit of one call; the worst case of each has to fit into the budget. */
const LONGEST_SOLUTION = 192;

interface Result {
  name: string;
  records: InputRecord[];
  seconds: number;
}

/** Answers all questions with one method; a model of its own, so that all methods start from the same seed. */
async function answer(
  name: string,
  budget: { samplesPerInput: number } | { totalOutputTokens: number },
  method: MethodFields,
): Promise<Result> {
  const model = new ChatLocal({ seed, maxTokens: LONGEST_SOLUTION });
  const scaled = new DynScaling({ model, budget, seed, ...method });
  const target =
    "samplesPerInput" in budget ? { samples: questions.length } : { outputTokens: totalOutputTokens };
  const progress = new Progress(name.padEnd(22), target, process.stderr);
  const startedAt = Date.now();
  const records = await scaled.solve(
    questions.map(({ question }) => question),
    { callbacks: [progress] },
  );
  const seconds = (Date.now() - startedAt) / 1000;
  progress.finish();
  await model.dispose();
  return { name, records, seconds };
}

const results = [
  await answer("one sample each", { samplesPerInput: 1 }, selfConsistency()),
  await answer("best of n, even split", { totalOutputTokens }, selfConsistency()),
  await answer("DynScaling", { totalOutputTokens }, {}),
  await answer("  without chains", { totalOutputTokens }, { sampler: independent() }),
];

const isRight = (record: InputRecord, place: number): boolean => record.answer === questions[place]?.answer;
const sum = (records: InputRecord[], count: (record: InputRecord) => number): string =>
  records.reduce((total, record) => total + count(record), 0).toLocaleString("en");

console.log(
  `\n${questions.length} word problems of 1 to 6 steps (seed ${seed}), at most ${totalOutputTokens.toLocaleString("en")} output tokens a method\n`,
);
printTable(
  ["method", "accuracy", "95% interval", "samples", "output tokens", "seconds"],
  results.map(({ name, records, seconds }) => {
    const { share, low, high } = proportion(records.filter(isRight).length, records.length);
    return [
      name,
      `${(100 * share).toFixed(1)}%`,
      `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}`,
      sum(records, ({ samples }) => samples),
      sum(records, ({ outputTokens }) => outputTokens ?? 0),
      seconds.toFixed(1),
    ];
  }),
);

console.log(
  `
"without chains" is DynScaling with independent samples only: votes and allocation, no synthetic chains. This
model was trained to read its attempts line by line (examples/ledger_model/README.md); measure how much yours does.`,
);

const [, evenly, dynamic] = results as [Result, Result, Result, Result];
const bySamples = dynamic.records
  .map((record, place) => ({ record, place }))
  .toSorted((a, b) => b.record.samples - a.record.samples || a.place - b.place);
const votes = ({ votes: counted, samples }: InputRecord): string => {
  const shown = counted.slice(0, 3).map(({ answer: voted, count }) => `${voted} x${count}`);
  return `${shown.join(", ")}${counted.length > 3 ? ", …" : ""} (of ${samples})`;
};
console.log(
  "\nWhere the budget went: the three questions with the most samples and the three with the fewest\n",
);
printTable(
  ["steps", "right answer", "best of n", "DynScaling"],
  [...bySamples.slice(0, 3), ...bySamples.slice(-3)].map(({ record, place }) => [
    String(questions[place]?.steps),
    String(questions[place]?.answer),
    `${isRight(evenly.records[place] as InputRecord, place) ? "+" : "-"} ${votes(evenly.records[place] as InputRecord)}`,
    `${isRight(record, place) ? "+" : "-"} ${votes(record)}`,
  ]),
);
