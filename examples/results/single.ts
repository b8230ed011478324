/**
 * One question alone, sampled while the next sample is worth a price to its vote: how many
 * samples `voteIndex({ price })` takes over recorded answers, drawn with replacement, how
 * often the cap cuts it short, and how good the vote is, against an even split of the same
 * mean. Then lone questions of known kinds. No question knows of another: the batch only
 * plays them side by side. Prints tables in Markdown; standard errors are over seeds.
 *
 *   npx tsx examples/results/single.ts POOL.jsonl... [--seeds 20]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { voteIndex } from "langchain-dynscaling/allocators";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { infiniteVote, parsePool, replay, scoreRuns } from "langchain-dynscaling/evaluation";
import type { PoolQuestion, Run, ScoreOptions } from "langchain-dynscaling/evaluation";

/** What the rule of thumb 0.13 / B^2 is asked for. */
const AVERAGES = [2, 3, 4, 8, 16];
/** Most samples of a question, in averages: that of `shared()`. */
const CAP = 8;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "20" } },
});
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);

/** Each question alone until its next sample is worth less than the price. */
function priced(pool: readonly PoolQuestion[], average: number): Run[] {
  // All open questions are asked in every round, and there is enough for all: nothing is shared.
  const allocator = voteIndex({
    price: 0.13 / average ** 2,
    maxSamples: CAP * average,
    roundShare: 1,
  });
  const methods = { priced: { ...selfConsistency(), allocator, unitSamples: 1 } };
  return [...replay({ pool, methods, seeds, samplesPerInput: [CAP * average] })];
}

function evenly(pool: readonly PoolQuestion[], samples: number): Run[] {
  const methods = { evenly: { ...selfConsistency(), unitSamples: 1 } };
  return [...replay({ pool, methods, seeds, samplesPerInput: [samples] })];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function cell(values: readonly number[], digits = 1): string {
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return `${centre.toFixed(digits)} ± ${Math.sqrt(variance / values.length).toFixed(digits)}`;
}

function samplesOf({ questions }: Run): number[] {
  return questions.map(({ standings }) => standings[0]?.samples ?? 0);
}

/** The score, that of the even split, and by how much it is ahead, in points. */
function compared(ours: readonly Run[], theirs: readonly Run[], options: ScoreOptions): string[] {
  const scores = [ours, theirs].map((runs) =>
    runs.map((run) => {
      const questions = scoreRuns([run], options)[0]?.checkpoints[0]?.questions ?? [];
      return 100 * mean(questions.flatMap(({ score }) => score ?? []));
    }),
  ) as [number[], number[]];
  const ahead = scores[0].map((score, place) => score - (scores[1][place] as number));
  return [mean(scores[0]).toFixed(1), mean(scores[1]).toFixed(1), cell(ahead)];
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  console.log([line(heads), "|---".repeat(heads.length) + "|", ...rows.map(line)].join("\n"));
}

function rowOf(pool: readonly PoolQuestion[], average: number): string[] {
  const ours = priced(pool, average);
  const spent = ours.flatMap(samplesOf).toSorted((one, other) => one - other);
  const theirs = evenly(pool, mean(spent));
  const quantile = (share: number): string => String(spent[Math.floor(share * (spent.length - 1))]);
  const capped = spent.filter((samples) => samples >= CAP * average).length / spent.length;
  return [
    String(average),
    cell(
      ours.map((run) => mean(samplesOf(run))),
      2,
    ),
    quantile(0.5),
    quantile(0.9),
    (100 * capped).toFixed(1),
    ...compared(ours, theirs, { reference: infiniteVote(pool) }),
    ...compared(ours, theirs, {}),
  ];
}

/** A hundred questions whose answers come with these chances. */
function alike(weights: readonly number[]): PoolQuestion[] {
  const samples = weights.flatMap((weight, answer) =>
    Array.from({ length: weight }, () => ({ answer: String(answer), tokens: null })),
  );
  return Array.from({ length: 100 }, (_, place) => ({ id: String(place), gold: null, samples }));
}

/** Easy, hard and hopeless questions, by the shares of their answers. */
const KINDS: Readonly<Record<string, readonly number[]>> = {
  "always the same answer": [1],
  "90% one answer, 10% another": [9, 1],
  "60% one answer, 40% another": [6, 4],
  "two answers, as likely": [1, 1],
  "four answers, as likely": [1, 1, 1, 1],
  "a thousand answers, as likely": Array.from({ length: 1000 }, () => 1),
};

for (const path of positionals) {
  const pool = parsePool(await readFile(path, "utf8"));
  table(
    `${basename(path, ".jsonl")}: ${pool.length} questions, ${seeds.length} seeds, price 0.13 / B^2, at most ${CAP} B samples`,
    [
      "B",
      "samples, mean",
      "median",
      "90% need at most",
      "at the cap, %",
      "agreement, %",
      "even split",
      "ahead",
      "accuracy, %",
      "even split",
      "ahead",
    ],
    AVERAGES.map((average) => rowOf(pool, average)),
  );
}
table(
  "Samples of a lone question whose answers are: mean, and 90% need at most",
  ["answers", ...AVERAGES.map((average) => `B = ${average}`)],
  Object.entries(KINDS).map(([kind, weights]) => [
    kind,
    ...AVERAGES.map((average) => {
      const spent = priced(alike(weights), average).flatMap(samplesOf);
      const most = spent.toSorted((one, other) => one - other)[Math.floor(0.9 * (spent.length - 1))];
      return `${mean(spent).toFixed(1)}, ${most}`;
    }),
  ]),
);
