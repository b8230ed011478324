/**
 * How far to trust a vote, on recorded answers of a real model: what would go to a
 * person, how often what stands is wrong, and whether a threshold fitted on one half
 * of the questions keeps its promise on the other. A pool whose answers are letters is
 * a labelled classification, one whose answers are numbers an extraction. Prints
 * Markdown tables; seconds. `--units` takes what `embedded.ts record` recorded of the
 * embedded model, and reads its answers as the extraction of one number.
 *
 *   npx tsx examples/results/trust.ts POOL.jsonl... [--samples 8] [--seeds 20] [--units EMBEDDED.jsonl] [--seed 20261122]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { MethodFields } from "langchain-dynscaling";
import { voteIndex } from "langchain-dynscaling/allocators";
import { selfConsistency, withoutIntegratedSampling } from "langchain-dynscaling/baselines";
import {
  bootstrapMean,
  fitThreshold,
  judgedAnswers,
  parsePool,
  replay,
} from "langchain-dynscaling/evaluation";
import type { JudgedAnswer, PoolQuestion, Run } from "langchain-dynscaling/evaluation";
import { numbersFrom } from "../data/seeded.js";
import { printTrust } from "../support/trust_table.js";
import { poolOfBlocks } from "./embedded/pool.js";
import { readBlocks } from "./embedded/recording.js";

/** Whether an answer stands under the option `review`, with its default of two votes. */
const stands = ({ agreement, votes }: JudgedAnswer, agreementBelow: number): boolean =>
  agreement > 0 && agreement >= agreementBelow && votes >= 2;

const AGREEMENT_BELOW = 0.6;
const ERROR_RATES = [0.1, 0.2];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: "string", default: "8" },
    seeds: { type: "string", default: "20" },
    units: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "20261122" },
  },
});
if (positionals.length === 0 && flags.units.length === 0)
  throw new Error("Name at least one pool: npx tsx examples/results/trust.ts POOL.jsonl");
const samplesPerInput = Number(flags.samples);
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);

const even: MethodFields = { ...selfConsistency(), unitSamples: 1 };
const METHODS: Record<string, MethodFields> = {
  "plain majority": even,
  "DynScaling, ucb": { ...withoutIntegratedSampling(), unitSamples: Math.ceil(samplesPerInput / 2) },
  "DynScaling, vote index": {
    ...withoutIntegratedSampling(),
    allocator: voteIndex({ roundShare: 0.05 }),
    unitSamples: 1,
  },
};

/** The answers of each run of a method, all over the same questions. */
type Judged = JudgedAnswer[][];

function byMethod(runs: Iterable<Run>): Map<string, Judged> {
  const found = new Map<string, Judged>();
  for (const run of runs) found.set(run.method, [...(found.get(run.method) ?? []), judgedAnswers([run])]);
  return found;
}

/** Mean over the runs of each question, with its interval over questions, in percent. */
function cell(runs: Judged, value: (answer: JudgedAnswer) => number): string {
  const questions = (runs[0] ?? []).map((_, place) =>
    mean(runs.map((run) => value(run[place] as JudgedAnswer))),
  );
  const { mean: centre, low, high } = bootstrapMean(questions.map((each) => 100 * each));
  return `${centre.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function errorOf(answers: readonly JudgedAnswer[]): number {
  return mean(answers.map(({ correct }) => Number(!correct)));
}

function printReview(methods: ReadonlyMap<string, Judged>): void {
  console.log(
    "| method | right % | to review % | wrong among those that stand % | wrong among those to review % |",
  );
  console.log("|---|---|---|---|---|");
  for (const [name, runs] of methods) {
    const isDoubtful = (answer: JudgedAnswer): boolean => !stands(answer, AGREEMENT_BELOW);
    const [doubtful, standing] = [
      runs.flat().filter(isDoubtful),
      runs.flat().filter((each) => !isDoubtful(each)),
    ];
    const cells = [
      cell(runs, ({ correct }) => Number(correct)),
      cell(runs, (answer) => Number(isDoubtful(answer))),
      ...[standing, doubtful].map((some) => (some.length === 0 ? "none" : (100 * errorOf(some)).toFixed(1))),
    ];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
}

/** Fits on a random half of the questions, another one for each run, and looks at the other half. */
function printPromises(methods: ReadonlyMap<string, Judged>): void {
  console.log(
    "\n| method | wanted error % | halves with a threshold | stands in the other half % | wrong there % |\n|---|---|---|---|---|",
  );
  for (const [name, runs] of methods) {
    for (const errorRate of ERROR_RATES) {
      const tried = runs.flatMap((run, seed) => {
        const random = numbersFrom(`half ${seed}`);
        const shuffled = run.map((answer) => ({ answer, at: random() })).toSorted((a, b) => a.at - b.at);
        const answers = shuffled.map(({ answer }) => answer);
        const half = Math.floor(answers.length / 2);
        const { agreementBelow } = fitThreshold(answers.slice(0, half), { errorRate });
        if (agreementBelow === null) return [];
        const other = answers.slice(half);
        return { other, kept: other.filter((answer) => stands(answer, agreementBelow)) };
      });
      const [kept, other] = [tried.flatMap((each) => each.kept), tried.flatMap((each) => each.other)];
      const cells =
        tried.length === 0
          ? ["–", "–"]
          : [((100 * kept.length) / other.length).toFixed(1), (100 * errorOf(kept)).toFixed(1)];
      console.log(
        `| ${[name, 100 * errorRate, `${tried.length} of ${runs.length}`, ...cells].join(" | ")} |`,
      );
    }
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function print(title: string, pool: readonly PoolQuestion[]): void {
  const once = byMethod(replay({ pool, methods: { "single call": even }, seeds, samplesPerInput: [1] }));
  const methods = byMethod(replay({ pool, methods: METHODS, seeds, samplesPerInput: [samplesPerInput] }));
  console.log(`\n### ${title}: ${pool.length} questions, ${seeds.length} seeds\n`);
  const right = cell([...once.values()].flat(), ({ correct }) => Number(correct));
  console.log(`A single call is right in ${right} %.\n`);
  printReview(methods);
  printTrust([...methods].map(([name, runs]) => ({ name, runs })));
  printPromises(methods);
}

for (const file of positionals) {
  const pool = parsePool(await readFile(file, "utf8"));
  print(
    basename(file, ".jsonl"),
    pool.filter(({ gold }) => gold !== null),
  );
}
if (flags.units.length > 0) {
  const blocks = flags.units.flatMap(readBlocks);
  print("The embedded model", poolOfBlocks(blocks, ["guarded"], Number(flags.seed)));
}
