/**
 * Which allocator, and which units, should be the default: the paper's bandit and the
 * vote index, with units of 8, 2 and 1. On recorded answers, drawn with replacement; and
 * with chains, on units of the embedded model that `embedded.ts record` recorded. All
 * methods of a seed are given the same answers. `--cost`: what it brings to divide the
 * vote index by the expected cost, also where only samples are limited. Prints Markdown; intervals of 95% over questions.
 *
 *   npx tsx examples/results/defaults.ts POOL.jsonl... [--seeds 20]
 *   npx tsx examples/results/defaults.ts POOL.jsonl... --cost [--seeds 20]
 *   npx tsx examples/results/defaults.ts --units EMBEDDED.jsonl [--seed 20261122] [--seeds 20]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { Allocator, MethodFields } from "langchain-dynscaling";
import { ucb, uniform, voteIndex } from "langchain-dynscaling/allocators";
import type { Draw, Interval, MethodScores, PoolQuestion, Spend } from "langchain-dynscaling/evaluation";
import {
  compareAtEqualSpend,
  curveOf,
  inPasses,
  infiniteVote,
  parsePool,
  replay,
  scoreRuns,
  withReplacement,
} from "langchain-dynscaling/evaluation";
import { integrated } from "langchain-dynscaling/samplers";
import { poolOfBlocks } from "./embedded/pool.js";
import { readBlocks } from "./embedded/recording.js";

/** One question a round: the smallest subset; the paper does not say how large it is. */
const TOP_ONE = 1e-9;
const BASE = "ucb, units of 8 (default)";
/** Beyond what is shown, so that there is something to compare with at every spend. */
const BUDGETS = [8, 10, 12, 16, 20, 24, 32, 40, 48];
const SHOWN = [8, 16, 32];
const COST_BUDGETS = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40];
const COST_SHOWN = [4, 8, 16, 32];

/** Rounds as they are where nothing limits the calls at a time. */
const FIVE = { roundShare: 0.05 };

const SPENDS: readonly Spend[] = ["samples", "outputTokens"];

const allocated = (allocator: MethodFields["allocator"], unitSamples: number): MethodFields => ({
  ...(allocator && { allocator }),
  unitSamples,
});

/** The vote index with a look at what samples cost, which it has where tokens are limited. */
function costAware(): Allocator {
  const index = voteIndex(FIVE);
  return {
    ...index,
    allocate(arms, context) {
      const tokens = arms.flatMap(({ samples }) => samples.flatMap(({ usage }) => usage.outputTokens ?? []));
      const meanOutputTokens = tokens.reduce((sum, each) => sum + each, 0) / tokens.length;
      return index.allocate(arms, { ...context, meanOutputTokens });
    },
  };
}

const OF_EIGHT: Readonly<Record<string, MethodFields>> = {
  [BASE]: allocated(ucb(), 8),
  "an even split": allocated(uniform(), 8),
  "ucb, units of 8, one a round": allocated(ucb({ roundShare: TOP_ONE }), 8),
  "ucb, units of 8, top 5%": allocated(ucb({ roundShare: 0.05 }), 8),
  "voteIndex, units of 8": allocated(voteIndex(FIVE), 8),
  "voteIndex, units of 8, top 25%": allocated(voteIndex({ roundShare: 0.25 }), 8),
};

const SMALLER: Readonly<Record<string, MethodFields>> = {
  "ucb, units of 2": allocated(ucb(), 2),
  "ucb, units of 1": allocated(ucb(), 1),
  "voteIndex, units of 2": allocated(voteIndex(FIVE), 2),
  "voteIndex, units of 1": allocated(voteIndex(FIVE), 1),
};

const COST: Readonly<Record<string, MethodFields>> = {
  "blind to cost": allocated(voteIndex(FIVE), 1),
  "divided by the expected cost": allocated(costAware(), 1),
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "20" },
    units: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "20261122" },
    cost: { type: "boolean", default: false },
  },
});
const seeds = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed);

for (const file of positionals) {
  const pool = parsePool(await readFile(file, "utf8"));
  const title = `${basename(file, ".jsonl")}: independent samples`;
  if (flags.cost) print(title, pool, COST, withReplacement);
  else print(title, pool, { ...OF_EIGHT, ...SMALLER }, withReplacement);
}
if (flags.units.length > 0) {
  const pool = poolOfBlocks(flags.units.flatMap(readBlocks), ["guarded"], Number(flags.seed));
  const chains = Object.entries(OF_EIGHT).map(([name, fields]): [string, MethodFields] => [
    name,
    { ...fields, sampler: integrated() },
  ]);
  print("The embedded model: units of 4 + 4", pool, Object.fromEntries(chains), inPasses);
}

function print(
  title: string,
  pool: readonly PoolQuestion[],
  methods: Readonly<Record<string, MethodFields>>,
  draw: Draw,
): void {
  const samplesPerInput = flags.cost ? COST_BUDGETS : BUDGETS;
  const reference = infiniteVote(pool);
  const [agreement, gold]: [MethodScores[], MethodScores[]] = [[], []];
  // Method by method: the single samples of all of them together are millions.
  for (const [name, fields] of Object.entries(methods)) {
    const runs = [...replay({ pool, methods: { [name]: fields }, seeds, samplesPerInput, draw })];
    agreement.push(...scoreRuns(runs, { reference }));
    gold.push(...scoreRuns(runs));
  }
  console.log(`\n### ${title}, ${pool.length} questions, ${seeds.length} seeds`);
  printScores("Agreement with the infinite vote", agreement);
  printScores("Accuracy", gold);
}

function printScores(what: string, scores: readonly MethodScores[]): void {
  const [base] = scores as readonly [MethodScores];
  // At the first, units of 8 are all alike.
  const shown = flags.cost ? COST_SHOWN : SHOWN;
  const compared = flags.cost ? shown : shown.slice(1);
  const heads = shown.map((budget) => `at ${budget}`);
  const rows = scores.map((method) => {
    const { points } = curveOf(method);
    const ahead = SPENDS.map((spend) => compareAtEqualSpend(method, base, spend));
    return [
      method.method,
      ...shown.map((budget) => percent(points.find(({ checkpoint }) => checkpoint === budget)?.score.mean)),
      ...ahead.flatMap((differences) =>
        compared.map((budget) =>
          cell(differences.find(({ checkpoint }) => checkpoint === budget)?.difference),
        ),
      ),
    ];
  });
  const titles = [
    "method",
    ...heads,
    ...SPENDS.flatMap((spend) =>
      compared.map(
        (budget) => `ahead of the first, equal ${spend === "samples" ? spend : "output tokens"} (${budget})`,
      ),
    ),
  ];
  console.log(`\n${what} (%), by samples per question:\n`);
  for (const row of [titles, titles.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
}

function percent(share: number | undefined): string {
  return share === undefined ? "-" : (100 * share).toFixed(1);
}

function cell(interval: Interval | undefined): string {
  if (interval === undefined) return "-";
  const [mean, low, high] = [interval.mean, interval.low, interval.high].map((each) => {
    const text = (100 * each).toFixed(1);
    return each > 0 && text !== "0.0" ? `+${text}` : text;
  });
  return `${mean} [${low}, ${high}]`;
}
