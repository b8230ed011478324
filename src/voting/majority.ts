import { requireKnownKeys } from "../core/errors.js";
import { countVotes } from "../core/votes.js";
import type { Random, Sample, VotingRule } from "../core/types.js";

/** Which samples vote. */
export type Electorate = (samples: readonly Sample[]) => readonly Sample[];

/** Picks one of several answers with equally many votes; they come in the order first given. */
export type TieBreak = (answers: readonly string[], random: Random) => string;

/** All responses vote, as Algorithm 1 (line 17) has it. */
export const everyResponse: Electorate = (samples) => samples;

/**
 * Only conditioned responses vote: section 4.1 says that a unit of 8 "yields 4
 * predicted answers". Where no conditioned response has a readable answer, all vote.
 */
export const conditionedOnly: Electorate = (samples) => {
  const conditioned = samples.filter(({ stage, answer }) => stage === "sequential" && answer !== null);
  return conditioned.length > 0 ? conditioned : samples;
};

/**
 * The last answer of every chain: a response votes unless a later readable answer
 * builds on it (sequential refinement, section 4.1).
 */
export const chainEnds: Electorate = (samples) => {
  const builtOn = new Set(samples.filter(({ answer }) => answer !== null).flatMap(({ parents }) => parents));
  return samples.filter(({ index }) => !builtOn.has(index));
};

/** The answer given first. Responses are exchangeable, so this favours none, and a second look agrees. */
export const earliest: TieBreak = (answers) => answers[0] as string;

/** A seeded draw. */
export const drawn: TieBreak = (answers, random) => answers[Math.floor(random() * answers.length)] as string;

/** Options of `majorityOf()`. */
export interface MajorityOptions {
  /** Which samples vote. Default `everyResponse`. */
  voters?: Electorate;
  /** Who wins a tie; the paper does not say. Default `earliest`. */
  ties?: TieBreak;
}

/**
 * Majority vote: the most frequent answer wins, and the first response that gave
 * it stands for it. A failed call and a response without a readable answer never
 * vote. If nothing can vote, there is no winner.
 */
export function majorityOf(options: MajorityOptions = {}): VotingRule {
  requireKnownKeys("majorityOf", options, ["voters", "ties"]);
  const { voters = everyResponse, ties = earliest } = options;
  const rule: VotingRule = (samples, random) => {
    const electorate = voters(samples.filter(({ error }) => error === undefined));
    const votes = countVotes(electorate.map(({ answer }) => answer));
    const tied = votes.filter(({ count }) => count === votes[0]?.count).map(({ answer }) => answer);
    if (tied.length === 0) return { winner: null, votes };
    const elected = tied.length === 1 ? tied[0] : ties(tied, random);
    const winner = electorate.find(({ answer }) => answer === elected)?.index ?? null;
    return {
      winner,
      votes: votes.toSorted(
        (a, b) => b.count - a.count || Number(b.answer === elected) - Number(a.answer === elected),
      ),
    };
  };
  return voters === everyResponse ? Object.assign(rule, { firstStands: true as const }) : rule;
}

/** The paper's vote: all responses, the earliest answer on ties. */
export const majority: VotingRule = majorityOf();
