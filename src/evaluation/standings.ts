import { isRefundable } from "../core/account.js";
import { floorOf } from "../core/products.js";
import { randomStreams } from "../core/random.js";
import type { Method } from "../core/rounds.js";
import type { Sample, VotingRule } from "../core/types.js";
import type { Checkpoints } from "./checkpoints.js";
import type { Standing } from "./run.js";
import { isConditioned, unitPlanOf } from "./units.js";

/** What the standings of a run depend on. */
export type RunMethod = Pick<Method, "voting" | "seed" | "sampler" | "allocator" | "unitSamples">;

/**
 * How every question stood at every checkpoint. A run decides round by round and
 * never looks ahead at its total, so what it had at the end of a round is what a
 * run with that budget would have returned. A checkpoint shows the last round
 * that ended within it; where the run goes on in rounds of a few samples, that is
 * close to it, and what was really spent stands beside.
 *
 * An even split of samples that quote nothing is the same one after another as in
 * rounds, so there a checkpoint shows all that fits it, to the sample.
 *
 * @param arms the samples of every question
 * @returns for every question one standing per checkpoint, `null` before the end of the
 *   first round, or of the first sample of all where samples count one by one
 */
export function standingsOf(
  arms: readonly (readonly Sample[])[],
  { unit, amounts }: Checkpoints,
  method: RunMethod,
): (Standing | null)[][] {
  const isEven = isEvenSplit(method);
  const steps = arms.map((samples, arm) =>
    samples.map(({ round }, place) => (isEven ? place * arms.length + arm : round)),
  );
  const spent = spentByStep(arms, steps, unit);
  const first = isEven ? arms.length - 1 : 0;
  const lastSteps = amounts.map((amount, place) => {
    const most = place === amounts.length - 1 ? Infinity : floorOf(amount, arms.length);
    return spent.findLastIndex((sum) => sum <= most);
  });
  return arms.map((samples, arm) => {
    const known = new Map<number, Standing>();
    return lastSteps.map((last) => {
      if (last < first) return null;
      // Samples stand in the order of their steps.
      const end = (steps[arm] ?? []).findLastIndex((step) => step <= last) + 1;
      const standing = known.get(end) ?? standingOf(samples.slice(0, end), method.voting, method.seed);
      known.set(end, standing);
      return standing;
    });
  });
}

/** Whether a run asks the same whatever its budget and its rounds are, only less of it. */
function isEvenSplit(method: RunMethod): boolean {
  const plan = unitPlanOf(method);
  return method.allocator.name === "uniform" && plan !== undefined && !isConditioned(plan);
}

/** What the whole run had spent at the end of each step. */
function spentByStep(
  arms: readonly (readonly Sample[])[],
  steps: readonly (readonly number[])[],
  unit: Checkpoints["unit"],
): number[] {
  const inStep: number[] = [];
  for (const [arm, samples] of arms.entries()) {
    for (const [place, sample] of samples.entries()) {
      const step = steps[arm]?.[place] ?? 0;
      const spent = unit === "samples" ? Number(!isRefundable(sample)) : (sample.usage.outputTokens ?? 0);
      inStep[step] = (inStep[step] ?? 0) + spent;
    }
  }
  let sum = 0;
  return Array.from(inStep, (spent) => (sum += spent ?? 0));
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
