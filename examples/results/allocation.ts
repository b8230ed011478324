/**
 * Compares allocators on recorded answers, drawn with replacement: agreement with
 * the infinite vote and accuracy against samples per question. All methods of a
 * seed are given the same answers. Prints tables in Markdown with standard errors
 * over seeds, which do not cover other questions. The questions of a pool should
 * stand in no order of difficulty: ties go to the earlier one. Takes minutes.
 *
 *   npx tsx examples/results/allocation.ts POOL.jsonl... [--seeds 20] [--budgets 2,3,4,...] [--sweep]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { MethodFields } from "langchain-dynscaling";
import {
  knowledgeGradient,
  leaderDoubt,
  topTwoThompson,
  ucb,
  uniform,
  voteIndex,
} from "langchain-dynscaling/allocators";
import { adaptiveConsistency, earlyStopping } from "langchain-dynscaling/baselines";
import { infiniteVote, parsePool, replay, scoreRuns } from "langchain-dynscaling/evaluation";
import type { PoolQuestion } from "langchain-dynscaling/evaluation";
import { inverseMargin } from "langchain-dynscaling/uncertainty";

/** One arm a round. */
const TOP_ONE = 1e-9;
const SHOWN = [2, 4, 8, 16, 32];
const GRID = "2,3,4,5,6,7,8,9,10,12,16,24,32";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "20" },
    budgets: { type: "string", default: GRID },
    sweep: { type: "boolean", default: false },
  },
});
if (positionals.length === 0)
  throw new Error("Name at least one pool: npx tsx examples/results/allocation.ts POOL.jsonl");
const budgets = flags.budgets.split(",").map(Number);
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);

/** The methods at a budget: a cap may depend on it. The first sets the goal, the second is compared with all. */
function rivals(pool: readonly PoolQuestion[], budget: number): Record<string, MethodFields> {
  const share = { roundShare: 0.01 };
  const single = { unitSamples: 1 };
  const different = new Set(pool.flatMap(({ samples }) => samples.flatMap(({ answer }) => answer ?? [])));
  const answers = different.size <= 8 ? different.size : 32;
  const lean = { uncertainty: inverseMargin };
  return {
    uniform: { allocator: uniform(), ...single },
    "voteIndex, unit 1": { allocator: voteIndex(), ...single },
    "ucb, unit 8, one a round": { allocator: ucb({ roundShare: TOP_ONE }), unitSamples: 8 },
    "ucb, unit 8, top 25%": { allocator: ucb(), unitSamples: 8 },
    "ucb, unit 1, top 1%": { allocator: ucb(share), ...single },
    "ucb, inverse margin, c 1, unit 8": {
      ...lean,
      allocator: ucb({ explorationRatio: 1 }),
      unitSamples: 8,
    },
    "ucb, inverse margin, c 1, unit 1": {
      ...lean,
      allocator: ucb({ explorationRatio: 1, ...share }),
      ...single,
    },
    adaptiveConsistency: adaptiveConsistency(),
    earlyStopping: earlyStopping(),
    "leaderDoubt, cap 8x": { allocator: leaderDoubt({ maxSamples: 8 * budget, ...share }), ...single },
    [`knowledgeGradient, ${answers} answers`]: {
      allocator: knowledgeGradient({ answers, ...share }),
      ...single,
    },
    topTwoThompson: { allocator: topTwoThompson(share), ...single },
  };
}

/** The vote index with other units and round shares. */
function sweep(): Record<string, MethodFields> {
  const units = [2, 4, 8].map((unitSamples): [string, MethodFields] => [
    `voteIndex, unit ${unitSamples}`,
    { allocator: voteIndex(), unitSamples },
  ]);
  const shares = [0.02, 0.05, 0.1, 0.25].map((roundShare): [string, MethodFields] => [
    `voteIndex, unit 1, top ${100 * roundShare}%`,
    { allocator: voteIndex({ roundShare }), unitSamples: 1 },
  ]);
  return {
    uniform: { allocator: uniform(), unitSamples: 1 },
    "voteIndex, unit 1": { allocator: voteIndex(), unitSamples: 1 },
    ...Object.fromEntries([...units, ...shares]),
  };
}

/** What every seed gave at every budget, in this order. */
interface Measured {
  samples: number[][];
  agreement: number[][];
  gold: number[][];
}

function measure(pool: readonly PoolQuestion[]): Map<string, Measured> {
  const reference = infiniteVote(pool);
  const measured = new Map<string, Measured>();
  for (const budget of budgets) {
    const methods = flags.sweep ? sweep() : rivals(pool, budget);
    for (const run of replay({ pool, methods, seeds, samplesPerInput: [budget] })) {
      const known = measured.get(run.method) ?? { samples: [], agreement: [], gold: [] };
      measured.set(run.method, known);
      const agreement = questionsOf(scoreRuns([run], { reference }));
      const gold = questionsOf(scoreRuns([run]));
      const place = budgets.indexOf(budget);
      (known.samples[place] ??= []).push(mean(agreement.map(({ samples }) => samples)));
      (known.agreement[place] ??= []).push(100 * mean(agreement.flatMap(({ score }) => score ?? [])));
      (known.gold[place] ??= []).push(100 * mean(gold.flatMap(({ score }) => score ?? [])));
    }
  }
  return measured;
}

function questionsOf(scores: ReturnType<typeof scoreRuns>): { score: number | null; samples: number }[] {
  return [...(scores[0]?.checkpoints[0]?.questions ?? [])];
}

/** Samples per question at which a method reaches what the goal has at its largest budget, over some seeds. */
function spendToMatch(method: Measured, goal: Measured, chosen: readonly number[]): number {
  const over = (row: readonly number[] | undefined): number =>
    mean(chosen.map((seed) => row?.[seed] as number));
  const target = over(goal.agreement.at(-1));
  const place = method.agreement.findIndex((row) => over(row) >= target);
  if (place < 0) return Infinity;
  const [now, next] = [over(method.samples[place - 1]), over(method.samples[place])];
  if (place === 0) return next;
  const [low, high] = [over(method.agreement[place - 1]), over(method.agreement[place])];
  return now + ((target - low) / (high - low)) * (next - now);
}

/** A mean with its standard error. */
function cell(values: readonly number[], digits: number): string {
  const centre = mean(values);
  const variance = sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
  return `${centre.toFixed(digits)} ± ${Math.sqrt(variance / values.length).toFixed(digits)}`;
}

/** The spend to match, with the standard error of a jackknife over seeds. */
function matchCell(method: Measured, goal: Measured): string {
  const spend = spendToMatch(method, goal, seeds);
  if (spend === Infinity) return "never";
  const left = seeds.map((out) =>
    spendToMatch(
      method,
      goal,
      seeds.filter((seed) => seed !== out),
    ),
  );
  const found = left.filter(Number.isFinite);
  const error = Math.sqrt(
    ((found.length - 1) / found.length) * sum(found.map((each) => (each - mean(found)) ** 2)),
  );
  return `${spend.toFixed(1)} ± ${error.toFixed(1)}`;
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  console.log(`\n${title}\n\n${line(heads)}\n${line(heads.map(() => "---"))}\n${rows.map(line).join("\n")}`);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

for (const file of positionals) {
  const pool = parsePool(await readFile(file, "utf8"));
  const measured = measure(pool);
  const [goal, best] = [...measured.values()] as [Measured, Measured];
  const shown = SHOWN.map((budget) => budgets.indexOf(budget)).filter((place) => place >= 0);
  const heads = ["method", ...shown.map((place) => String(budgets[place]))];
  const rows = (pick: (method: Measured, place: number) => string): string[][] =>
    [...measured].map(([name, method]) => [name, ...shown.map((place) => pick(method, place))]);
  console.log(`\n## ${basename(file, ".jsonl")}: ${pool.length} questions, ${seeds.length} seeds`);
  table(
    "Agreement with the infinite vote (%), by samples per question, and the samples that match uniform at the last",
    [...heads, "match"],
    rows((method, place) => cell(method.agreement[place] as number[], 2)).map((row) => [
      ...row,
      matchCell(measured.get(row[0] as string) as Measured, goal),
    ]),
  );
  table(
    "Accuracy (%)",
    heads,
    rows((method, place) => cell(method.gold[place] as number[], 2)),
  );
  table(
    "Agreement of the second row minus that of each method, seed by seed",
    heads,
    rows(({ agreement }, place) =>
      cell(
        (best.agreement[place] as number[]).map(
          (value, seed) => value - (agreement[place]?.[seed] as number),
        ),
        2,
      ),
    ),
  );
  table(
    "Samples really spent",
    heads,
    rows(({ samples }, place) => mean(samples[place] as number[]).toFixed(2)),
  );
}
