import { isRefundable } from "../core/account.js";
import { randomStreams } from "../core/random.js";
import type { Sample, VotingRule } from "../core/types.js";
import type { Checkpoints } from "./checkpoints.js";
import type { Standing } from "./run.js";

/**
 * How every question stood at every checkpoint. A run decides round by round and
 * never looks ahead at its total, so what it had at the end of a round is what a
 * run with that budget would have returned. A checkpoint shows the last round
 * that ended within it; where the run goes on in rounds of a few samples, that is
 * close to it, and what was really spent stands beside.
 *
 * @param arms the samples of every question
 * @returns for every question one standing per checkpoint, `null` before the end of the first round
 */
export function standingsOf(
  arms: readonly (readonly Sample[])[],
  { unit, amounts }: Checkpoints,
  voting: VotingRule,
  seed: number,
): (Standing | null)[][] {
  const spent = spentByRound(arms, unit);
  const lastRounds = amounts.map((amount, place) =>
    place === amounts.length - 1
      ? spent.length - 1
      : spent.findLastIndex((sum) => sum <= amount * arms.length),
  );
  return arms.map((samples) => {
    const known = new Map<number, Standing>();
    return lastRounds.map((round) => {
      if (round < 0) return null;
      // Samples stand in the order of their rounds.
      const end = samples.findLastIndex((sample) => sample.round <= round) + 1;
      const standing = known.get(end) ?? standingOf(samples.slice(0, end), voting, seed);
      known.set(end, standing);
      return standing;
    });
  });
}

/** What the whole run had spent at the end of each round. */
function spentByRound(arms: readonly (readonly Sample[])[], unit: Checkpoints["unit"]): number[] {
  const inRound: number[] = [];
  for (const sample of arms.flat()) {
    const { round, usage } = sample;
    const spent = unit === "samples" ? Number(!isRefundable(sample)) : (usage.outputTokens ?? 0);
    inRound[round] = (inRound[round] ?? 0) + spent;
  }
  let sum = 0;
  return Array.from(inRound, (spent) => (sum += spent ?? 0));
}

/** How the vote over some samples of a question stands. */
export function standingOf(samples: readonly Sample[], voting: VotingRule, seed: number): Standing {
  const { winner, votes } = voting(samples, randomStreams(seed)());
  const total = (pick: (sample: Sample) => number | undefined): number =>
    samples.reduce((sum, sample) => sum + (pick(sample) ?? 0), 0);
  return {
    answer: samples.find(({ index }) => index === winner)?.answer ?? null,
    votes,
    samples: samples.filter((sample) => !isRefundable(sample)).length,
    inputTokens: total(({ usage }) => usage.inputTokens),
    outputTokens: total(({ usage }) => usage.outputTokens),
  };
}

/** What the vote elected when each unit after the first was granted, in their order. */
export function electedBefore(
  samples: readonly Sample[],
  voting: VotingRule,
  seed: number,
): (string | null)[] {
  return samples.flatMap(({ round }, place) =>
    place > 0 && samples[place - 1]?.round !== round
      ? [standingOf(samples.slice(0, place), voting, seed).answer]
      : [],
  );
}
