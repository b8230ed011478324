import { drawWithoutReplacement, randomStreams } from "../../src/core/random.js";
import type { Random } from "../../src/core/types.js";
import { countVotes } from "../../src/core/votes.js";
import type { QuestionRuns } from "./recorded.js";

/** What is read of one response. */
export interface Response {
  answer: string | null;
  /** Places, within the unit, of the responses that it quotes; empty if independent. */
  parents: readonly number[];
}

/** Samples of a unit, half of them independent. */
export const UNIT_SAMPLES = 8;

type Answers = readonly (string | null)[];

/** What the leader of the counts is compared with. */
export type Target = "large vote" | "large mixed vote" | "gold";
export const TARGETS: readonly Target[] = ["large vote", "large mixed vote", "gold"];

/** Votes for one answer. */
export interface Count {
  independent: number;
  conditioned: number;
}

/** The counts of one draw, seen from the answer that leads the plain vote (the earliest of equals). */
export interface Observation {
  /** Place of the question. */
  question: number;
  leader: Count;
  rivals: readonly Count[];
  /** Whether the leader is the target; a share where the large vote is tied. */
  hit: Record<Target, number>;
}

/** One question, sorted by kind. */
export interface Question {
  gold: string;
  /** Independent answers that no chain quotes. */
  alone: Answers;
  units: readonly Unit[];
}

export interface Unit {
  independent: Answers;
  conditioned: Answers;
}

/**
 * Votes of a large vote, none of which is among the counts that it is compared
 * with: independent ones, or, for the mixed vote, those of whole units.
 */
export const LARGE_VOTE = 48;
const DRAWS = 24;
const SEED = 7;

export function sortRuns({ gold, alone, units }: QuestionRuns): Question {
  const answersOf = (responses: readonly Response[]): Answers => responses.map(({ answer }) => answer);
  return {
    gold,
    alone: answersOf(alone),
    units: units.map((unit) => ({
      independent: answersOf(unit.filter(({ parents }) => parents.length === 0)),
      conditioned: answersOf(unit.filter(({ parents }) => parents.length > 0)),
    })),
  };
}

/** `size` independent votes of each question, drawn `DRAWS` times. */
export function independentDraws(questions: readonly Question[], size: number): Observation[] {
  return draws(questions, (question, random) => {
    const [independent, spare] = split(question.alone, size, random);
    return { independent, conditioned: [], spare, spareUnits: question.units };
  });
}

/** The same with the later half of the votes counted as if they were conditioned: what a fit must give 1 for. */
export function controlDraws(questions: readonly Question[], size: number): Observation[] {
  return draws(questions, (question, random) => {
    const [answers, spare] = split(question.alone, size, random);
    const [independent, conditioned] = [answers.slice(0, size / 2), answers.slice(size / 2)];
    return { independent, conditioned, spare, spareUnits: question.units };
  });
}

/** `count` whole units of each question, drawn `DRAWS` times; `parts` picks the half that votes. */
export function unitDraws(
  questions: readonly Question[],
  count: number,
  parts: "both" | "conditioned" = "both",
): Observation[] {
  return draws(questions, ({ units, alone }, random) => {
    const [chosen, spareUnits] = split(units, count, random);
    return {
      independent: parts === "both" ? chosen.flatMap(({ independent }) => independent) : [],
      conditioned: chosen.flatMap(({ conditioned }) => conditioned),
      spare: alone,
      spareUnits,
    };
  });
}

/** Votes, and what is left of the question's samples. */
interface Drawn {
  independent: Answers;
  conditioned: Answers;
  spare: Answers;
  spareUnits: readonly Unit[];
}

/** `size` of the items in random order, and the others. */
function split<Item>(items: readonly Item[], size: number, random: Random): [Item[], Item[]] {
  const shuffled = drawWithoutReplacement(items, items.length, random);
  return [shuffled.slice(0, size), shuffled.slice(size)];
}

function draws(
  questions: readonly Question[],
  take: (question: Question, random: Random) => Drawn,
): Observation[] {
  const stream = randomStreams(SEED);
  return questions.flatMap((question, place) => {
    const random = stream();
    return Array.from({ length: DRAWS }, () =>
      observe(place, question.gold, take(question, random), random),
    ).flatMap((observation) => observation ?? []);
  });
}

/** Nothing, if no answer could be read. */
function observe(
  question: number,
  gold: string,
  { independent, conditioned, spare, spareUnits }: Drawn,
  random: Random,
): Observation | undefined {
  const votes = countVotes([...independent, ...conditioned]);
  const [first] = votes;
  if (first === undefined) return undefined;
  const countOf = (voted: string): Count => ({
    independent: independent.filter((answer) => answer === voted).length,
    conditioned: conditioned.filter((answer) => answer === voted).length,
  });
  const alone = [...spare, ...spareUnits.flatMap((unit) => unit.independent)];
  const mixed = spareUnits.map((unit) => [...unit.independent, ...unit.conditioned]);
  return {
    question,
    leader: countOf(first.answer),
    rivals: votes.slice(1).map(({ answer }) => countOf(answer)),
    hit: {
      "large vote": shareOfMode(drawWithoutReplacement(alone, LARGE_VOTE, random), first.answer),
      "large mixed vote": shareOfMode(
        drawWithoutReplacement(mixed, LARGE_VOTE / UNIT_SAMPLES, random).flat(),
        first.answer,
      ),
      gold: Number(first.answer === gold),
    },
  };
}

/** 1 if `voted` has the most votes, a share if it ties for them, else 0. */
export function shareOfMode(answers: Answers, voted: string): number {
  const votes = countVotes(answers);
  const tied = votes.filter(({ count }) => count === votes[0]?.count);
  return tied.some(({ answer }) => answer === voted) ? 1 / tied.length : 0;
}

/** All independent answers of a question. */
export function independentAnswers({ alone, units }: Question): Answers {
  return [...alone, ...units.flatMap(({ independent }) => independent)];
}
