import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** The questions that the embedded model knows: a start amount, then events told in order. */
export interface LedgerQuestion {
  /** Names the question among all that the same seed gives, e.g. `ledger-7-12`. */
  id: string;
  /** The whole question; nothing has to be added to it. */
  question: string;
  /** The right final amount: a whole number from 100 to 9999 in plain digits. */
  answer: string;
  /** Number of events, from 1 (easy) to 6 (hard). */
  steps: number;
}

export interface LedgerOptions {
  /** How many questions: a whole number from 0 to 100000. */
  count: number;
  /** Whole number from 0 to 1073741823. The same seed gives the same questions. */
  seed: number;
  /**
   * Numbers of events to take in turn, so that all occur equally often; each from 1 to 6.
   *
   * @defaultValue `[1, 2, 3, 4, 5, 6]`
   */
  steps?: readonly number[];
}

/** What an event does to the amount. */
export interface LedgerOperation {
  kind: "add" | "subtract" | "times";
  by: number;
}

/** A question with what is needed to work it out. */
export interface LedgerProblem {
  question: string;
  start: number;
  operations: readonly LedgerOperation[];
}

/** A stretch of a worked solution. */
export interface LedgerPiece {
  text: string;
  /** The computed number in this piece is not the right result of its own line. */
  slipped: boolean;
}

const MOST_STEPS = 6;
const MOST_QUESTIONS = 100_000;
const LAST_SEED = 2 ** 30 - 1;
const SMALLEST = 100;
const LARGEST = 9999;

/**
 * Questions for the embedded model, none of which it saw in training: a hash of
 * its text puts every possible question either into the training set or into the
 * held-out set, and this function draws from the held-out set only.
 *
 * The first questions of a longer list are those of a shorter one, and no text
 * occurs twice in a list.
 *
 * @throws Error if an option is out of range; the message names it
 *
 * @example
 * ```ts
 * const [first] = ledgerQuestions({ count: 12, seed: 1 });
 * ```
 */
export function ledgerQuestions({
  count,
  seed,
  steps = [1, 2, 3, 4, 5, 6],
}: LedgerOptions): LedgerQuestion[] {
  assertWhole("count", count, 0, MOST_QUESTIONS);
  assertWhole("seed", seed, 0, LAST_SEED);
  if (steps.length === 0) {
    throw new Error(
      `ledgerQuestions: "steps" is empty. Name at least one number of events, for example [1, 2, 3].`,
    );
  }
  steps.forEach((value, place) => assertWhole(`steps[${place}]`, value, 1, MOST_STEPS));

  const draw = ledgerStream(seed, "held-out");
  return Array.from({ length: count }, (_, place) => {
    const level = steps[place % steps.length]!;
    const problem = draw(level);
    return {
      id: `ledger-${seed}-${place + 1}`,
      question: problem.question,
      answer: ledgerAnswer(problem),
      steps: level,
    };
  });
}

/**
 * An endless supply of different problems from one of the two sets. The sets
 * share no random stream either: one uses even generator seeds, the other odd ones.
 *
 * @param seed whole number from 0 to 1073741823
 * @returns a function from the number of events to the next problem with that many
 */
export function ledgerStream(seed: number, set: "train" | "held-out"): (steps: number) => LedgerProblem {
  const random = xoroshiro128plus(2 * seed + (set === "train" ? 1 : 0));
  const told = new Set<string>();
  return (steps) => {
    for (;;) {
      const problem = drawProblem(random, steps);
      const wanted = isHeldOut(problem.question) === (set === "held-out");
      if (wanted && !told.has(problem.question)) {
        told.add(problem.question);
        return problem;
      }
    }
  };
}

/** Whether a question belongs to the quarter that training never sees. */
export function isHeldOut(question: string): boolean {
  // FNV-1a, 32 bits: short, and the same in every language.
  let hash = 0x811c9dc5;
  for (let place = 0; place < question.length; place++) {
    hash = Math.imul(hash ^ question.charCodeAt(place), 0x01000193);
  }
  return ((hash >>> 16) & 3) === 0;
}

/** The right final amount in plain digits. */
export function ledgerAnswer({ start, operations }: LedgerProblem): string {
  return String(operations.reduce(applyOperation, start));
}

/**
 * Works a problem out line by line, ending in `The answer is 835.`.
 *
 * @param slip turns the right result of a line (counted from 0) into the number that is written
 *   down, and the next line goes on from that number; left out, every result is right
 * @returns pieces whose texts joined are the solution; every computed number is a piece of its own
 */
export function ledgerSolution(
  { start, operations }: LedgerProblem,
  slip: (result: number, line: number) => number = (result) => result,
): LedgerPiece[] {
  const pieces: LedgerPiece[] = [];
  const say = (text: string): void => void pieces.push({ text, slipped: false });

  let amount = start;
  operations.forEach((operation, line) => {
    say(`${line + 1}: ${amount}${SYMBOLS[operation.kind]}${operation.by}=`);
    const right = applyOperation(amount, operation);
    amount = slip(right, line);
    pieces.push({ text: String(amount), slipped: amount !== right });
    say("\n");
  });
  say(`The answer is ${amount}.`);
  return pieces;
}

function applyOperation(amount: number, operation: LedgerOperation): number {
  switch (operation.kind) {
    case "add":
      return amount + operation.by;
    case "subtract":
      return amount - operation.by;
    case "times":
      return amount * operation.by;
  }
}

function drawProblem(random: RandomGenerator, steps: number): LedgerProblem {
  const name = pick(random, NAMES);
  const things = pick(random, THINGS);
  const label = pick(random, LABELS);
  const start = uniformInt(random, 200, pick(random, [999, 2999, 6999]));
  const sentences = [fill(pick(random, STARTS), { name, things, by: start })];
  const operations: LedgerOperation[] = [];
  let amount = start;
  for (let place = 1; place <= steps; place++) {
    const operation = drawOperation(random, amount);
    const event = fill(pick(random, EVENTS[operation.kind]), { name, things, ...operation });
    operations.push(operation);
    sentences.push(`${label} ${place}: ${event}`);
    amount = applyOperation(amount, operation);
  }
  sentences.push(fill(pick(random, ENDINGS), { name, things }));
  return { question: sentences.join(" "), start, operations };
}

/** An operation that keeps the amount between the bounds. */
function drawOperation(random: RandomGenerator, amount: number): LedgerOperation {
  for (;;) {
    const operation = proposeOperation(random);
    const next = applyOperation(amount, operation);
    if (next >= SMALLEST && next <= LARGEST) return operation;
  }
}

function proposeOperation(random: RandomGenerator): LedgerOperation {
  const kind = pick(random, KINDS);
  return { kind, by: uniformInt(random, ...(kind === "times" ? FACTORS : pick(random, OPERANDS))) };
}

function pick<T>(random: RandomGenerator, choices: readonly T[]): T {
  return choices[uniformInt(random, 0, choices.length - 1)]!;
}

function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key]));
}

function assertWhole(option: string, value: number, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw new Error(`ledgerQuestions: "${option}" is ${value}. Use a whole number from ${from} to ${to}.`);
  }
}

// Repeated entries are weights. Four digits are left out because a model of this size
// learns them slowly, and what it does not know no vote can mend.
type Range = readonly [from: number, to: number];
const OPERANDS: readonly Range[] = [
  [12, 99],
  [101, 999],
  [101, 999],
];
const FACTORS: Range = [2, 5];
const KINDS: readonly LedgerOperation["kind"][] = ["add", "add", "subtract", "subtract", "times"];
const SYMBOLS: Record<LedgerOperation["kind"], string> = { add: "+", subtract: "-", times: "*" };

// Reading is meant to be easy: what goes wrong should be the arithmetic.
const NAMES =
  "Ada Ben Cleo Dan Eva Finn Gus Hana Ivo Jana Kim Leo Mia Nils Olga Pia Raj Sam Tara Yusuf".split(" ");
const THINGS =
  "apples beads books bricks buttons cards coins cups keys marbles nails pens plums seeds shells stamps".split(
    " ",
  );
const LABELS = ["Day", "Week", "Month", "Hour", "Round", "Stop"];
const STARTS = [
  "{name} starts with {by} {things}.",
  "At first {name} has {by} {things}.",
  "{name} owns {by} {things}.",
];
const ENDINGS = [
  "Find the final number of {things}.",
  "How many {things} does {name} have at the end?",
  "How many {things} are left for {name}?",
];
const EVENTS: Record<LedgerOperation["kind"], readonly string[]> = {
  add: [
    "{name} gets {by} more.",
    "{by} {things} are added.",
    "{name} buys {by} {things}.",
    "{name} finds {by}.",
  ],
  subtract: [
    "{name} loses {by}.",
    "{by} {things} are taken away.",
    "{name} sells {by} {things}.",
    "{name} uses {by}.",
  ],
  times: ["{name} ends up with {by} times as many.", "The number of {things} becomes {by} times as large."],
};
