import { countVotes } from "../core/votes.js";
import type { QuestionRun, Run } from "./run.js";
import { sameAnswer } from "./scores.js";
import type { Grader } from "./scores.js";

/** A count out of how many it could have been. */
export interface Share {
  count: number;
  of: number;
}

/** Where the budget beyond the first unit went. */
export interface EffectiveAllocation {
  /** Additional samples that went to questions whose answer, by the method's own vote, was wrong when they were granted. */
  overall: Share;
  /** The same round by round, from round 1; over all runs given. */
  byRound: readonly Share[];
}

/**
 * Effective allocation rate (section 4.3): the share of the budget after the first
 * round that goes to questions whose current answer is wrong: that which the vote of the
 * method itself would have returned then (`electedBefore`), not a majority of all samples
 * where only some of them vote. Questions without a gold answer are left out, and so are
 * those of runs that do not tell. Spent on a wrong answer is not yet spent well: what no
 * budget can mend counts too.
 */
export function effectiveAllocation(
  runs: Iterable<Run>,
  isCorrect: Grader = sameAnswer,
): EffectiveAllocation {
  const rounds: Share[] = [];
  for (const { questions } of runs) {
    for (const { gold, samples, electedBefore } of questions) {
      if (gold === null || electedBefore === undefined) continue;
      let unit = 0;
      for (const [place, { round, isRefunded }] of samples.entries()) {
        if (place > 0 && samples[place - 1]?.round !== round) unit += 1;
        if (unit === 0 || isRefunded) continue;
        const elected = electedBefore[unit - 1] ?? null;
        const share = (rounds[round - 1] ??= { count: 0, of: 0 });
        book(share, elected === null || !isCorrect(elected, gold));
      }
    }
  }
  const byRound = Array.from(rounds, (share) => share ?? { count: 0, of: 0 });
  return { overall: sumOf(byRound), byRound };
}

/** What conditioned samples do to the vote of the samples that they quote. */
export interface Flips {
  /** Conditioned samples with a wrong answer, of those whose quoted samples had voted right. */
  rightToWrong: Share;
  /** Conditioned samples with a right answer, of those whose quoted samples had voted wrong. */
  wrongToRight: Share;
  /** Conditioned samples that left the vote of the quoted samples, right or wrong, of all. */
  awayFromVote: Share;
}

/**
 * How often a conditioned sample flips right to wrong and wrong to right: the one
 * number that tells whether chains help a model. The quoted samples' vote is the
 * most frequent of their answers, the first on ties; an unreadable answer is wrong.
 */
export function flips(runs: Iterable<Run>, isCorrect: Grader = sameAnswer): Flips {
  const rightToWrong = { count: 0, of: 0 };
  const wrongToRight = { count: 0, of: 0 };
  const awayFromVote = { count: 0, of: 0 };
  for (const { questions } of runs) {
    for (const question of questions) {
      for (const { quoted, answer } of conditionedSamples(question)) {
        book(awayFromVote, answer !== quoted);
        const { gold } = question;
        if (gold === null) continue;
        const isRight = answer !== null && isCorrect(answer, gold);
        if (quoted !== null && isCorrect(quoted, gold)) book(rightToWrong, !isRight);
        else book(wrongToRight, isRight);
      }
    }
  }
  return { rightToWrong, wrongToRight, awayFromVote };
}

function conditionedSamples({ samples }: QuestionRun): { quoted: string | null; answer: string | null }[] {
  return samples
    .filter(({ stage, purpose, failed }) => stage === "sequential" && purpose === "answer" && !failed)
    .map(({ parents, answer }) => {
      const answers = parents.map((parent) => samples[parent]?.answer ?? null);
      return { quoted: countVotes(answers)[0]?.answer ?? null, answer };
    });
}

function book(share: Share, hit: boolean): void {
  share.of += 1;
  share.count += Number(hit);
}

function sumOf(shares: readonly Share[]): Share {
  return shares.reduce((sum, { count, of }) => ({ count: sum.count + count, of: sum.of + of }), {
    count: 0,
    of: 0,
  });
}
