/**
 * Are samples that read four earlier attempts better than independent ones, and
 * does a vote over 4 + 4 of them beat one over 8 independent samples? Per question
 * 32 independent samples and four units of four conditioned ones, as the library asks them.
 *
 *   OMP_NUM_THREADS=1 npx tsx examples/ledger_model/evaluate.ts ledger.gguf.pt --questions 300
 *
 * Intervals hold with 95% over questions drawn anew.
 */
import { parseArgs } from "node:util";
import { drawWithoutReplacement, randomStreams } from "../../src/core/random.js";
import { countVotes } from "../../src/core/votes.js";
import { ledgerAnswer, ledgerStream } from "../../src/local/ledger.js";
import { DEFAULT_TEMPERATURE } from "../../src/local/options.js";
import { bare, guarded } from "../../src/prompts/index.js";
import { type Answer, answerOf, answers, libraryTurns, rendered } from "./torch_model.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    questions: { type: "string", default: "300" },
    temperature: { type: "string", default: String(DEFAULT_TEMPERATURE) },
    seed: { type: "string", default: "12" },
    wording: { type: "string", default: "guarded" },
    units: { type: "string", default: "4" },
    copies: { type: "string", default: "1" },
  },
});
const [checkpoint] = positionals;
const wording = { guarded, bare }[values.wording];
if (!checkpoint || !wording) throw new Error("Name a checkpoint, and guarded or bare as --wording.");
const WIDTH = 4;
const units = Number(values.units);
const temperatures = [Number(values.temperature)];
const copies = Number(values.copies);
const draw = ledgerStream(Number(values.seed), "held-out");
const questions = Array.from({ length: Number(values.questions) }, (_, place) => {
  const steps = 1 + (place % 6);
  const problem = draw(steps);
  return { question: problem.question, answer: ledgerAnswer(problem), steps };
});

/** The first half is quoted, unit by unit; the second half stands beside it in votes over independent samples. */
const independent = await answers(
  checkpoint,
  questions.map(({ question }) => rendered([{ role: "user", content: question }])),
  { samples: 2 * WIDTH * units, temperatures, seed: 1, copies },
);
const quoted = (place: number, unit: number): Answer[] =>
  independent[place]!.slice(unit * WIDTH, (unit + 1) * WIDTH);
const beside = (place: number, unit: number): Answer[] =>
  independent[place]!.slice((units + unit) * WIDTH, (units + unit + 1) * WIDTH);

const random = randomStreams(1)();
const prompts = questions.flatMap(({ question }, place) =>
  Array.from({ length: units * WIDTH }, async (_, sample) => {
    const attempts = quoted(place, Math.floor(sample / WIDTH)).map(({ text }) => text);
    const order = drawWithoutReplacement(attempts, WIDTH, random);
    return rendered([{ role: "user", content: question }, ...(await libraryTurns(wording, question, order))]);
  }),
);
const flat = (
  await answers(checkpoint, await Promise.all(prompts), { temperatures, seed: 2, copies })
).flat();
const conditioned = (place: number, unit: number): Answer[] =>
  flat.slice((place * units + unit) * WIDTH, (place * units + unit + 1) * WIDTH);

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const right = (place: number, samples: readonly Answer[]): number =>
  mean(samples.map(({ text }) => Number(answerOf(text) === questions[place]!.answer)));
/** As the library votes: the most frequent answer, and the first one seen in a tie. */
const vote = (place: number, samples: readonly Answer[]): number =>
  Number(
    countVotes(samples.map(({ text }) => answerOf(text) ?? null))[0]?.answer === questions[place]!.answer,
  );

const each = [...Array.from({ length: units }).keys()];
const everyUnit = questions.flatMap((_, place) => each.map((unit) => ({ place, unit })));
type Unit = (typeof everyUnit)[number];

/** A mean over units and its interval; units of one question are not independent of each other. */
function estimate(chosen: readonly Unit[], measure: (unit: Unit) => number): string {
  const center = mean(chosen.map(measure));
  const byQuestion = new Map<number, number>();
  for (const unit of chosen) {
    byQuestion.set(unit.place, (byQuestion.get(unit.place) ?? 0) + measure(unit) - center);
  }
  const error = Math.sqrt([...byQuestion.values()].reduce((sum, one) => sum + one ** 2, 0)) / chosen.length;
  return `${(100 * center).toFixed(1)} ± ${(196 * error).toFixed(1)}`;
}

const alone = ({ place, unit }: Unit): number =>
  right(
    place,
    independent[place]!.filter((_, sample) => Math.floor(sample / WIDTH) !== unit),
  );
const after = ({ place, unit }: Unit): number => right(place, conditioned(place, unit));
const eight = ({ place, unit }: Unit): number =>
  vote(place, [...quoted(place, unit), ...beside(place, unit)]);
const unitVote = ({ place, unit }: Unit): number =>
  vote(place, [...quoted(place, unit), ...conditioned(place, unit)]);
const all = (samples: (unit: Unit) => Answer[]): number =>
  mean(everyUnit.flatMap((unit) => samples(unit).map(({ tokens }) => tokens)));

console.log(
  `${questions.length} questions of seed ${values.seed}, temperature ${values.temperature}, ${values.wording}; ` +
    `output tokens: independent ${all(({ place, unit }) => beside(place, unit)).toFixed(1)}, ` +
    `conditioned ${all(({ place, unit }) => conditioned(place, unit)).toFixed(1)}\n`,
);
console.log("| right, % | all | 1 | 2 | 3 | 4 | 5 | 6 |\n|---|---|---|---|---|---|---|---|");
const rows: [string, (unit: Unit) => number][] = [
  ["one independent sample", alone],
  ["one conditioned sample", after],
  ["conditioned - independent", (unit) => after(unit) - alone(unit)],
  ["majority of 8 independent", eight],
  ["majority of 4 + 4", unitVote],
  ["4 + 4 - 8 independent", (unit) => unitVote(unit) - eight(unit)],
];
for (const [name, measure] of rows) {
  const levels = [1, 2, 3, 4, 5, 6].map((level) =>
    estimate(
      everyUnit.filter(({ place }) => questions[place]!.steps === level),
      measure,
    ),
  );
  console.log(`| ${name} | ${[estimate(everyUnit, measure), ...levels].join(" | ")} |`);
}
console.log(
  "\n| right attempts | units | conditioned | same questions independent | difference |\n|---|---|---|---|---|",
);
for (let count = 0; count <= WIDTH; count++) {
  const chosen = everyUnit.filter(({ place, unit }) => WIDTH * right(place, quoted(place, unit)) === count);
  const cells = [after, alone, (unit: Unit) => after(unit) - alone(unit)].map((m) => estimate(chosen, m));
  console.log(`| ${count} | ${chosen.length} | ${cells.join(" | ")} |`);
}
