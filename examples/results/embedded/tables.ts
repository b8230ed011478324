import type { MethodFields } from "langchain-dynscaling";
import {
  randomAllocation,
  selfConsistency,
  sp1,
  sp2,
  sp3,
  adaptiveConsistency,
  earlyStopping,
  withoutDynamicAllocation,
  withoutIntegratedSampling,
} from "langchain-dynscaling/baselines";
import { ucb, uniform, voteIndex } from "langchain-dynscaling/allocators";
import {
  bootstrapMean,
  compareAtEqualSpend,
  curveOf,
  infiniteVote,
  passAtK,
  sameAnswer,
} from "langchain-dynscaling/evaluation";
import type { Interval, PoolQuestion, Share } from "langchain-dynscaling/evaluation";
import { bare, conclusions, guarded, masked } from "langchain-dynscaling/prompts";
import { integrated } from "langchain-dynscaling/samplers";
import { inverseMargin, normalizedEntropy } from "langchain-dynscaling/uncertainty";
import { conditionedOnly, majorityOf } from "langchain-dynscaling/voting";
import { study } from "./study.js";
import type { Result } from "./study.js";

export const BUDGETS: readonly number[] = [8, 16, 24, 32, 48, 64];
/** Beyond both ends, so that there is something to compare with at every spend of the others. */
const BON_BUDGETS: readonly number[] = [4, ...BUDGETS, 80, 96];
const BON = "best of n";
const chains = { sampler: integrated() };
const only = majorityOf({ voters: conditionedOnly });
/** One question a round: the smallest subset; the paper does not say how large it is. */
const TOP_ONE = 1e-9;

/** Figure 1: the paper's method and what it is compared with. */
export const RIVALS: Readonly<Record<string, MethodFields>> = {
  [BON]: selfConsistency(),
  DynScaling: chains,
  "without dynamic allocation": withoutDynamicAllocation(),
  "without integrated sampling": withoutIntegratedSampling(),
  "random allocation": randomAllocation(),
  "DynScaling, only conditioned ones vote": { ...chains, voting: only },
  "even split, only conditioned ones vote": { ...withoutDynamicAllocation(), voting: only },
  "independent, vote index": { ...selfConsistency(), allocator: voteIndex(), unitSamples: 1 },
  "Adaptive-Consistency": adaptiveConsistency(),
  ESC: earlyStopping(),
};

/** The sequential baselines of Figure 1; a budget counts calls, feedback and scores included. */
const SEQUENTIAL: Readonly<Record<string, MethodFields>> = {
  [BON]: selfConsistency(),
  DynScaling: chains,
  SP1: sp1(),
  SP2: sp2(),
  SP3: sp3(),
};

/** Figure 2: measures and exploration ratios; and what else can be chosen. */
export const CHOICES: Readonly<Record<string, Readonly<Record<string, MethodFields>>>> = {
  "Uncertainty measures": {
    "variation ratio (default)": chains,
    "normalized entropy": { ...chains, uncertainty: normalizedEntropy },
    "inverse margin": { ...chains, uncertainty: inverseMargin },
  },
  "Exploration ratios": Object.fromEntries(
    [0, 1 / 8, 1 / 4, 1 / 2, 1, 2].map((c) => [
      `c = ${c}${c === 0.25 ? " (default)" : ""}`,
      { ...chains, allocator: ucb({ explorationRatio: c }) },
    ]),
  ),
  "Questions that each round serves": {
    "one question a round": { ...chains, allocator: ucb({ roundShare: TOP_ONE }) },
    ...Object.fromEntries(
      [0.05, 0.25, 0.5, 1].map((roundShare) => [
        `top ${100 * roundShare}%${roundShare === 0.25 ? " (default)" : ""}`,
        { ...chains, allocator: ucb({ roundShare }) },
      ]),
    ),
  },
};

/** Chains of four kinds, with an even split so that nothing else differs. */
export const CHAINS: Readonly<Record<string, MethodFields>> = {
  [BON]: selfConsistency(),
  ...Object.fromEntries(
    [guarded, bare, conclusions, masked].map((prompt) => [
      prompt.name,
      { sampler: integrated({ prompt }), allocator: uniform() },
    ]),
  ),
};

export function printRivals(pool: readonly PoolQuestion[], seeds: number): Result[] {
  const results = study(pool, RIVALS, BUDGETS, seeds);
  printAccuracy("Accuracy by samples per question", results);
  printDifferences("Ahead of best of n at equal output tokens", results, pool, seeds);
  printTokens(results);
  printBehaviour("Where the budget goes", results);
  printFlips(results);
  return results;
}

export function printSequential(pool: readonly PoolQuestion[], seeds: number): Result[] {
  const results = study(pool, SEQUENTIAL, BUDGETS, seeds);
  printAccuracy("Sequential baselines: accuracy by calls per question", results);
  printDifferences("Sequential baselines: ahead of best of n at equal output tokens", results, pool, seeds);
  printPairs(pool, seeds);
  printTokens(results);
  printFlips(results);
  return results;
}

export function printChoices(pool: readonly PoolQuestion[], seeds: number): Result[] {
  return Object.entries(CHOICES).flatMap(([title, methods]) => {
    const results = study(pool, methods, BUDGETS, seeds);
    printAccuracy(title, results);
    printBehaviour(`${title}: where the budget goes`, results);
    return results;
  });
}

export function printChains(pool: readonly PoolQuestion[], seeds: number): Result[] {
  const results = study(pool, CHAINS, BUDGETS, seeds);
  printAccuracy("Chain prompts, even split", results);
  printDifferences("Chain prompts: ahead of best of n at equal output tokens", results, pool, seeds);
  printTokens(results);
  printFlips(results);
  return results;
}

/** One sample, small votes of each kind, and how far any vote can come. */
export function printCeiling(pool: readonly PoolQuestion[], seeds: number): void {
  const even = withoutDynamicAllocation();
  const vote = (name: string, method: MethodFields, budget: number): [string, string] => {
    const [result] = study(pool, { [name]: method }, [budget], seeds);
    const [point] = result ? curveOf(result.scores).points : [];
    return [name, percent(point?.score)];
  };
  const independent = infiniteVote(pool);
  const mixed = infiniteVote(
    pool.map(({ units = {}, ...rest }) => ({ ...rest, samples: everyAnswer(units) })),
  );
  const elected = (votes: ReadonlyMap<string, readonly string[]>): Interval =>
    bootstrapMean(
      pool.flatMap(({ id, gold }) => {
        const tied = votes.get(id) ?? [];
        return gold === null
          ? []
          : [tied.filter((answer) => sameAnswer(answer, gold)).length / Math.max(1, tied.length)];
      }),
    );
  const conditioned = pool.flatMap(({ gold, units = {} }) => {
    const own = everyAnswer(units).filter(({ stage }) => stage === "sequential");
    return own.length === 0
      ? []
      : [
          own.filter(({ answer }) => answer !== null && gold !== null && sameAnswer(answer, gold)).length /
            own.length,
        ];
  });
  print(
    "Single samples, small votes, and the ceiling",
    ["vote", "right, %"],
    [
      vote("one independent sample", { ...selfConsistency(), unitSamples: 1 }, 1),
      ["one conditioned sample", percent(bootstrapMean(conditioned))],
      vote("4 independent", { ...selfConsistency(), unitSamples: 4 }, 4),
      vote("the 4 conditioned of a unit alone", { ...even, voting: only }, 8),
      vote("8 independent", selfConsistency(), 8),
      vote("4 + 4", even, 8),
      vote("16 independent", selfConsistency(), 16),
      vote("2 units of 4 + 4", even, 16),
      ["all recorded independent samples", percent(elected(independent))],
      ["all recorded samples of units", percent(elected(mixed))],
      ["one of 8 independent is right (pass@8)", percent(passAtK(pool, 8))],
    ],
  );
}

type Unit = NonNullable<PoolQuestion["units"]>[string][number];

/** The samples of all units of 4 + 4. */
function everyAnswer(units: NonNullable<PoolQuestion["units"]>): Unit[number][] {
  return Object.entries(units).flatMap(([plan, recorded]) =>
    plan.includes("(guarded)") ? recorded.flat() : [],
  );
}

function printAccuracy(title: string, results: readonly Result[]): void {
  print(
    title,
    ["method", ...BUDGETS.map(String)],
    results.map(({ name, scores }) => [
      name,
      ...BUDGETS.map((budget) =>
        percent(curveOf(scores).points.find(({ checkpoint }) => checkpoint === budget)?.score),
      ),
    ]),
  );
}

/** How far one method is ahead of another at each budget, at equal output tokens. */
function ahead(scores: Result["scores"], others: Result["scores"]): string[] {
  const differences = compareAtEqualSpend(scores, others, "outputTokens");
  return BUDGETS.map((budget) =>
    percent(differences.find(({ checkpoint }) => checkpoint === budget)?.difference, "+"),
  );
}

function printDifferences(
  title: string,
  results: readonly Result[],
  pool: readonly PoolQuestion[],
  seeds: number,
): void {
  const [bon] = study(pool, { [BON]: selfConsistency() }, BON_BUDGETS, seeds) as [Result];
  print(
    title,
    ["method", ...BUDGETS.map(String)],
    results
      .filter(({ name }) => name !== BON)
      .map(({ name, scores }) => [name, ...ahead(scores, bon.scores)]),
  );
}

/** DynScaling, as it is and with the voters of the sequential baselines, against each of these. */
function printPairs(pool: readonly PoolQuestion[], seeds: number): void {
  const ways = { DynScaling: chains, "DynScaling, only conditioned ones vote": { ...chains, voting: only } };
  const own = study(pool, ways, BUDGETS, seeds);
  const rivals = study(pool, { SP1: sp1(), SP2: sp2(), SP3: sp3() }, BON_BUDGETS, seeds);
  print(
    "Sequential baselines: DynScaling ahead of them at equal output tokens",
    ["method", "against", ...BUDGETS.map(String)],
    own.flatMap(({ name, scores }) =>
      rivals.map((rival) => [name, rival.name, ...ahead(scores, rival.scores)]),
    ),
  );
}

function printTokens(results: readonly Result[]): void {
  print(
    "Output tokens, and input tokens, per question",
    ["method", ...BUDGETS.map(String)],
    results.map(({ name, scores }) => [
      name,
      ...curveOf(scores).points.map(
        ({ outputTokens, inputTokens }) => `${whole(outputTokens)}, ${whole(inputTokens)}`,
      ),
    ]),
  );
}

function printBehaviour(title: string, results: readonly Result[]): void {
  print(
    title,
    [
      "method",
      "effective allocation (by the method's own vote), %",
      "to questions that independent votes get wrong, %",
    ],
    results
      .filter(({ effective }) => effective.of > 0)
      .map(({ name, effective, hopeless }) => [name, share(effective), share(hopeless)]),
  );
}

function printFlips(results: readonly Result[]): void {
  print(
    "What conditioned samples do to the vote of those they quote",
    ["method", "right to wrong, %", "wrong to right, %", "away from the vote, %"],
    results
      .filter(({ flips }) => flips.awayFromVote.of > 0)
      .map(({ name, flips }) => [
        name,
        share(flips.rightToWrong),
        share(flips.wrongToRight),
        share(flips.awayFromVote),
      ]),
  );
}

function print(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n#### ${title}\n`);
  for (const cells of [header, header.map(() => "---"), ...rows]) console.log(`| ${cells.join(" | ")} |`);
}

function percent(interval: Interval | undefined, sign = ""): string {
  if (interval === undefined) return "-";
  const one = (value: number): string => `${value > 0 ? sign : ""}${(100 * value).toFixed(1)}`;
  return `${one(interval.mean)} [${one(interval.low)}, ${one(interval.high)}]`;
}

function share({ count, of }: Share): string {
  return of === 0 ? "-" : ((100 * count) / of).toFixed(1);
}

function whole(amount: number): string {
  return Math.round(amount).toLocaleString("en");
}
