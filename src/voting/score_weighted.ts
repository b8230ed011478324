import type { Sample, Vote, VotingRule } from "../core/types.js";
import { countVotes } from "../core/votes.js";
import { chainEnds } from "./majority.js";

/** Points that are the whole weight of a vote. */
const ALL_POINTS = 100;

/** Points of a response that has no readable score. */
const UNSCORED = 50;

/** With its sign, all of its digits and what it is out of: a part of them would be another score. */
const SCORE = new RegExp(
  [
    String.raw`score(?: ?\((?:0 ?(?:[-–]|to) ?|out of )100\))?(?:[^\w+\-−–]|[-–](?= )){0,8}`,
    String.raw`([+\-−–]?\d[\d.,]*)(?: ?(?:[-–]|to) ?(\d+)| ?(?:\/|out of) ?(\d[\d.]*))?`,
  ].join(""),
  "gi",
);

/**
 * Score-weighted vote of SP3 (section 4.1): the last answer of every chain votes
 * with its self-assigned score, asked for as a whole number from 0 to 100; a weight is in
 * hundreds of these points. A response without a readable score counts half; such are
 * scores on another scale (`0.85`, `8/10`, `1000`), because nobody can tell 1 of 1 from 1
 * of 100. The heaviest answer wins; among equals the one with more votes, then the one
 * given first. The first response that gave it stands for it.
 */
export const scoreWeighted: VotingRule = (samples) => {
  const voters = chainEnds(samples.filter(({ error }) => error === undefined));
  const votes = countVotes(voters.map(({ answer }) => answer))
    .map((vote): Required<Vote> => {
      const own = voters.filter(({ answer }) => answer === vote.answer);
      // Whole points add up exactly, so that equals are equal.
      const points = own.reduce((sum, { index }) => sum + pointsOf(index, samples), 0);
      return { ...vote, weight: points / ALL_POINTS };
    })
    .toSorted((a, b) => b.weight - a.weight || b.count - a.count);
  const winner = voters.find(({ answer }) => answer !== null && answer === votes[0]?.answer);
  return { winner: winner?.index ?? null, votes };
};

/** The last score of the sample, a whole number from 0 to 100. */
function pointsOf(index: number, samples: readonly Sample[]): number {
  const scored = samples.filter(({ purpose, parents }) => purpose === "score" && parents[0] === index);
  const last = scored.flatMap(({ text }) => [...text.matchAll(SCORE)]).at(-1);
  const [, digits = "", upTo, scale = String(ALL_POINTS)] = last ?? [];
  const number = digits.replace(/[.,]$/, "");
  if (upTo !== undefined || Number(scale) !== ALL_POINTS || !/^\d{1,3}(?:\.\d+)?$/.test(number))
    return UNSCORED;
  const isFraction = number.includes(".") && Number(number) <= 1;
  return isFraction || Number(number) > ALL_POINTS ? UNSCORED : Math.round(Number(number));
}
