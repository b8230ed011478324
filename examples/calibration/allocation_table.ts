import { drawWithoutReplacement, randomStreams } from "../../src/core/random.js";
import type { Random } from "../../src/core/types.js";
import { countVotes } from "../../src/core/votes.js";
import { voteIndexOf } from "../../src/allocators/vote_index.js";
import { percent, percentRange, print } from "./markdown.js";
import { independentAnswers, shareOfMode } from "./observations.js";
import type { Question, Unit } from "./observations.js";
import { UNIT_SAMPLES } from "./observations.js";
import { bootstrap, meanOf } from "./statistics.js";

const WEIGHTS = [0, 0.25, 0.5, 0.75, 1];
/** Samples per question; the units of the file are drawn without replacement, so larger budgets differ little. */
const BUDGETS = [12, 16, 24];
const DRAWS = 100;
const SEED = 3;

/** The three targets in the order of the table. */
type Hits = [independent: number, mixed: number, gold: number];

/** What the weight changes for the vote: units go to the largest index, and every answer votes in the end. */
export function printAllocation(questions: readonly Question[]): void {
  const all = questions.map((_, place) => place);
  const rows = BUDGETS.flatMap((budget) => {
    const full = play(questions, budget, 1);
    return WEIGHTS.map((weight) => {
      const hits = weight === 1 ? full : play(questions, budget, weight);
      const gain = (target: number): string =>
        percentRange(
          bootstrap(all.length, (places) =>
            meanOf(places.map((place) => hits[place]![target]! - full[place]![target]!)),
          ),
        );
      const cells = [0, 1, 2].flatMap((target) => [
        percent(meanOf(hits.map((own) => own[target]!))),
        weight === 1 ? "" : gain(target),
      ]);
      return [String(budget), String(weight), ...cells];
    });
  });
  const targets = ["large vote", "large mixed vote", "gold"];
  print(
    `Votes after units of ${UNIT_SAMPLES} were given to the largest vote index`,
    [
      "samples per question",
      "weight in the index",
      ...targets.flatMap((name) => [`${name}, %`, "less weight 1"]),
    ],
    rows,
  );
}

/** Mean hits of each question over the draws; the same draws for every weight. */
function play(questions: readonly Question[], budget: number, weight: number): Hits[] {
  const stream = randomStreams(SEED);
  const sums = questions.map((): Hits => [0, 0, 0]);
  for (let draw = 0; draw < DRAWS; draw++) {
    allocate(questions, budget, weight, stream()).forEach((units, place) => {
      const hits = hitsOf(questions[place]!, units);
      hits.forEach((hit, target) => (sums[place]![target]! += hit / DRAWS));
    });
  }
  return sums;
}

/** One unit for every question, then unit by unit to the largest index. */
function allocate(questions: readonly Question[], budget: number, weight: number, random: Random): Unit[][] {
  const orders = questions.map(({ units }) => drawWithoutReplacement(units, units.length, random));
  const given = orders.map((order) => order.slice(0, 1));
  const indices = given.map((units) => indexOf(units, weight));
  const further = Math.round((questions.length * budget) / UNIT_SAMPLES) - questions.length;
  for (let unit = 0; unit < further; unit++) {
    const open = [...orders.keys()].filter((place) => given[place]!.length < orders[place]!.length);
    const best = open.reduce((a, b) => (indices[b]! > indices[a]! ? b : a));
    given[best] = orders[best]!.slice(0, given[best]!.length + 1);
    indices[best] = indexOf(given[best]!, weight);
  }
  return given;
}

function indexOf(units: readonly Unit[], weight: number): number {
  const votes = new Map<string, number>();
  const add = (answers: readonly (string | null)[], worth: number): void => {
    for (const answer of answers) {
      if (answer !== null && worth > 0) votes.set(answer, (votes.get(answer) ?? 0) + worth);
    }
  };
  units.forEach(({ independent, conditioned }) => {
    add(independent, 1);
    add(conditioned, weight);
  });
  const [first = 0, second = 0] = [...votes.values()].toSorted((a, b) => b - a);
  const total = units.reduce(
    (sum, { independent, conditioned }) => sum + independent.length + weight * conditioned.length,
    0,
  );
  return voteIndexOf({ first, second, total });
}

/** Tied leaders share the hit. */
function hitsOf(question: Question, given: readonly Unit[]): Hits {
  const answersOf = (units: readonly Unit[]): (string | null)[] =>
    units.flatMap(({ independent, conditioned }) => [...independent, ...conditioned]);
  const votes = countVotes(answersOf(given));
  const leaders = votes.filter(({ count }) => count === votes[0]?.count).map(({ answer }) => answer);
  const share = (test: (answer: string) => number): number =>
    leaders.length === 0 ? 0 : meanOf(leaders.map((answer) => test(answer)));
  return [
    share((answer) => shareOfMode(independentAnswers(question), answer)),
    share((answer) => shareOfMode(answersOf(question.units), answer)),
    share((answer) => Number(answer === question.gold)),
  ];
}
