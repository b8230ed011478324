/**
 * How much less a method needs than best of n to be as good: saving ratios in samples
 * and in output tokens, over recorded answers drawn with replacement, with 95%
 * intervals over questions. Prints a table in Markdown for each pool. Takes minutes.
 *
 *   npx tsx examples/results/savings.ts POOL.jsonl... [--seeds 20]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { MethodFields } from "langchain-dynscaling";
import { ucb, voteIndex } from "langchain-dynscaling/allocators";
import {
  adaptiveConsistency,
  earlyStopping,
  selfConsistency,
  withoutIntegratedSampling,
} from "langchain-dynscaling/baselines";
import { infiniteVote, parsePool, replay, savingsOf, scoreRuns } from "langchain-dynscaling/evaluation";
import type { MethodScores, Run, Saving, ScoreOptions } from "langchain-dynscaling/evaluation";
import { inverseMargin } from "langchain-dynscaling/uncertainty";

const BUDGETS = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48];
/** Samples of best of n that set the score to be reached. */
const GOALS = [8, 16, 32];

const METHODS: Readonly<Record<string, MethodFields>> = {
  "best of n": { ...selfConsistency(), unitSamples: 1 },
  "DynScaling's allocation, units of 8": withoutIntegratedSampling(),
  "the same, inverse margin and c = 1": {
    ...withoutIntegratedSampling(),
    uncertainty: inverseMargin,
    allocator: ucb({ explorationRatio: 1 }),
  },
  "vote index, units of 1": {
    ...selfConsistency(),
    allocator: voteIndex({ roundShare: 0.05 }),
    unitSamples: 1,
  },
  "Adaptive-Consistency": adaptiveConsistency(),
  ESC: earlyStopping(),
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "20" } },
});
if (positionals.length === 0)
  throw new Error("Name at least one pool: npx tsx examples/results/savings.ts POOL.jsonl");
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);

for (const path of positionals) {
  const pool = parsePool(await readFile(path, "utf8"));
  const runs = [...replay({ pool, methods: METHODS, seeds, samplesPerInput: BUDGETS })].map(withoutSamples);
  console.log(`\n### ${basename(path, ".jsonl")}: ${pool.length} questions, ${seeds.length} seeds`);
  print("Agreement with the infinite vote", runs, { reference: infiniteVote(pool) });
  print("Accuracy", runs, {});
}

function print(title: string, runs: readonly Run[], options: ScoreOptions): void {
  const [bon, ...others] = scoreRuns(runs, options) as [MethodScores, ...MethodScores[]];
  console.log(`\n${title}: spend of best of n over spend of the method\n`);
  const units = GOALS.flatMap((goal) => [`samples, as ${goal}`, `tokens, as ${goal}`]);
  for (const cells of [
    ["method", ...units],
    ["---", ...units.map(() => "---")],
  ])
    console.log(`| ${cells.join(" | ")} |`);
  for (const method of others) {
    const bySamples = savingsOf(method, bon, "samples");
    const byTokens = savingsOf(method, bon, "outputTokens");
    const cells = GOALS.flatMap((goal) => [cell(bySamples, goal), cell(byTokens, goal)]);
    console.log(`| ${[method.method, ...cells].join(" | ")} |`);
  }
}

/** 0 stands for a score that is never reached. */
function cell(savings: readonly Saving[], goal: number): string {
  const saving = savings.find(({ checkpoint }) => checkpoint === goal);
  if (saving === undefined) return "-";
  const { ratio, low, high } = saving;
  return `${ratio === 0 ? "never" : ratio.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

function withoutSamples({ questions, ...run }: Run): Run {
  return { ...run, questions: questions.map((question) => ({ ...question, samples: [] })) };
}
