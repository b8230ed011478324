/**
 * What it costs in accuracy not to wait for rounds: recorded answers, drawn with
 * replacement, at equal budgets; with 64 calls in flight, each of which takes as long
 * as its recorded response has tokens. Agreement with the infinite vote and accuracy, in
 * percent, with standard errors over seeds; all methods of a seed are given the same
 * answers. Prints Markdown.
 *
 *   npx tsx examples/results/schedules.ts POOL.jsonl... [--seeds 20] [--budgets 4,8,16,32] [--slots 64] [--divisors]
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { ucb } from "../../src/allocators/ucb.js";
import { uniform } from "../../src/allocators/uniform.js";
import { voteIndex } from "../../src/allocators/vote_index.js";
import { openAccount } from "../../src/core/account.js";
import { Course } from "../../src/core/course.js";
import type { UnitCall } from "../../src/core/course.js";
import { randomStreams } from "../../src/core/random.js";
import { playRounds } from "../../src/core/rounds.js";
import type { Method } from "../../src/core/rounds.js";
import type { Allocator, Arm, Reply, Solution } from "../../src/core/types.js";
import { openDraws, withReplacement } from "../../src/evaluation/draws.js";
import { parsePool } from "../../src/evaluation/index.js";
import { infiniteVote } from "../../src/evaluation/pool_statistics.js";
import type { PoolQuestion, PoolSample } from "../../src/evaluation/pool.js";
import { independent } from "../../src/samplers/independent.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "20" },
    budgets: { type: "string", default: "4,8,16,32" },
    slots: { type: "string", default: "64" },
    divisors: { type: "boolean", default: false },
  },
});
const budgets = flags.budgets.split(",").map(Number);
const slots = Number(flags.slots);

/** Draws of one seed, and how many of each question are used. */
class Recording {
  readonly #draws: ((n: number) => PoolSample | undefined)[];
  readonly #used: number[];

  constructor(pool: readonly PoolQuestion[], seed: number) {
    this.#draws = openDraws(
      pool.map(({ samples }) => samples),
      withReplacement,
      randomStreams(seed),
    );
    this.#used = pool.map(() => 0);
  }

  next({ index }: Arm): Reply {
    const used = this.#used[index] as number;
    this.#used[index] = used + 1;
    const { answer, tokens } = (this.#draws[index] as (n: number) => PoolSample)(used);
    return { text: "recorded", answer, usage: { outputTokens: tokens ?? undefined } };
  }
}

function inRounds(pool: readonly PoolQuestion[], method: Method, budget: number, seed: number): Solution[] {
  const recording = new Recording(pool, seed);
  const terms = { samplesPerCall: 1, slots: Infinity, isOpen: () => true };
  const account = openAccount({ samplesPerInput: budget }, pool.length);
  const rounds = playRounds(
    pool.map(({ id }) => id),
    method,
    account,
    terms,
  );
  let step = rounds.next();
  while (!step.done) step = rounds.next(step.value.calls.map(({ arm }) => [recording.next(arm)]));
  return step.value;
}

function continuously(
  pool: readonly PoolQuestion[],
  method: Method,
  budget: number,
  seed: number,
): Solution[] {
  const recording = new Recording(pool, seed);
  const account = openAccount({ samplesPerInput: budget }, pool.length);
  const course = new Course<unknown, unknown>(
    pool.map(({ id }) => id),
    method,
    account,
    {
      samplesPerCall: 1,
      slots,
      isOpen: () => true,
    },
  );
  /** Calls in flight. */
  const flying: { end: number; call: UnitCall<unknown, unknown>; reply: Reply }[] = [];
  for (let now = 0; ;) {
    for (let call = null; flying.length < slots && (call = course.next()) !== null;) {
      account.reserve(0);
      const reply = recording.next(call.arm);
      flying.push({ end: now + (reply.usage.outputTokens ?? 1), call, reply });
    }
    const first = flying.reduce((best, { end }, place) => (end < (flying[best]?.end ?? 0) ? place : best), 0);
    const [back] = flying.splice(first, 1);
    if (back === undefined) return course.solutions();
    now = back.end;
    account.release({ samples: 1, inputTokens: 0, outputTokens: 0, costUsd: 0 });
    course.book(back.call, [back.reply]);
  }
}

const parts = { sampler: independent(), uncertainty: variationRatio, voting: majority };

/** The same, with another way to look at samples in flight. */
function seeing(allocator: Allocator, inFlight: (arm: Arm) => number): Allocator {
  const { ranking, priority } = allocator;
  if (ranking === undefined || priority === undefined) throw new Error("It has no ranking.");
  const seen = (arm: Arm): Arm => {
    const others = arm.inFlight;
    return { ...arm, inFlight: inFlight({ ...arm, inFlight: others }) };
  };
  return {
    ...allocator,
    priority: (arm, context) => priority(seen(arm), context),
    ranking: {
      level: (arm) => ranking.level(arm),
      rank: (arm, mean) => ranking.rank(seen(arm), mean),
    },
  };
}

type Named = [name: string, allocator: Allocator, unitSamples: number];
const methods: Named[] = [
  ["uniform", uniform(), 1],
  ["ucb, unit 8", ucb(), 8],
  ["ucb, unit 2", ucb(), 2],
  ["voteIndex, unit 1", voteIndex(), 1],
  ["voteIndex, unit 2", voteIndex(), 2],
  ["voteIndex, unit 8", voteIndex(), 8],
];
const variants = ([name, allocator, unit]: Named): Named[] => [
  [`${name}, divisor 1 + samples`, allocator, unit],
  [`${name}, divisor 1 + units`, seeing(allocator, ({ inFlight }) => Math.ceil(inFlight / unit)), unit],
  [`${name}, no divisor`, seeing(allocator, () => 0), unit],
];

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** A mean with its standard error. */
function cell(numbers: readonly number[]): string {
  const spread = mean(numbers.map((number) => (number - mean(numbers)) ** 2));
  return `${mean(numbers).toFixed(2)} ±${Math.sqrt(spread / (numbers.length - 1)).toFixed(2)}`;
}

for (const file of positionals) {
  const pool = parsePool(await readFile(file, "utf8"));
  const reference = infiniteVote(pool);
  console.log(`\n**${basename(file, ".jsonl")}**, ${pool.length} questions, ${slots} in flight\n`);
  console.log(
    `| agreement / accuracy at | ${budgets.join(" | ")} |\n|---|${budgets.map(() => "---|").join("")}`,
  );
  const plays: [string, Named, typeof inRounds][] = flags.divisors
    ? methods
        .slice(1)
        .flatMap(variants)
        .map((method) => [method[0], method, continuously])
    : methods.flatMap((method): [string, Named, typeof inRounds][] => [
        [`${method[0]}, rounds`, method, inRounds],
        [`${method[0]}, continuous`, method, continuously],
      ]);
  for (const [name, [, allocator, unitSamples], play] of plays) {
    const cells = budgets.map((budget) => {
      const agreement: number[] = [];
      const gold: number[] = [];
      for (let seed = 0; seed < Number(flags.seeds); seed++) {
        const solutions = play(pool, { ...parts, allocator, unitSamples, seed }, budget, seed);
        const answers = solutions.map(({ arm, tally }) => arm.samples[tally.winner ?? -1]?.answer ?? null);
        agreement.push(
          100 *
            mean(
              answers.map((answer, place) =>
                Number(reference.get(pool[place]?.id ?? "")?.includes(answer ?? "") ?? false),
              ),
            ),
        );
        gold.push(100 * mean(answers.map((answer, place) => Number(answer === pool[place]?.gold))));
      }
      return `${cell(agreement)} / ${cell(gold)}`;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}
