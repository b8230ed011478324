import { drawWithoutReplacement, unitStream } from "../../src/core/random.js";
import type { Stage } from "../../src/core/types.js";

/**
 * Algorithms 1 to 3 of arXiv 2506.16043, written a second time from the paper's
 * pseudo code, with no use of the package but its random numbers: one stream for
 * every unit of a question (the bandit itself never draws).
 *
 * Decisions where the paper is silent, as the package documents them:
 * - the first unit of all arms shrinks alike if the pool is too small for it;
 * - S is the top `share` of the arms that may still be pulled, rounded up;
 * - the last unit is cut to what the pool holds; earlier inputs win ties;
 * - failed and blank responses are not quoted, a failed call has no answer;
 * - an arm whose calls all failed, four or more, is not pulled again, nor one whose last eight did;
 * - a failed call gives its sample back, as often as the pool holds samples.
 */
export interface NaiveReply {
  text: string;
  answer: string | null;
  failed: boolean;
}

export interface NaiveSettings {
  arms: number;
  /** B_total */
  total: number;
  /** B_unit */
  unit: number;
  k: number;
  c: number;
  share: number;
  quoteEarlierUnits: boolean;
  seed: number;
  /** What arm `i` asks; no other arm asks the same. */
  question(i: number): string;
  /** Reply number `n` (from 0) of arm `i`. */
  reply(i: number, n: number): NaiveReply;
}

export interface NaiveCall {
  arm: number;
  stage: Stage;
  parents: number[];
}

export interface NaiveRound {
  round: number;
  pulls: number;
  priority: number | null;
  uncertainty: number;
}

export interface NaiveResult {
  /** The calls that are in flight together, in the order sent. */
  waves: NaiveCall[][];
  rounds: NaiveRound[][];
  votes: [answer: string, count: number][][];
  winners: (number | null)[];
  stops: ("samples" | "closed")[];
}

interface Response extends NaiveReply {
  stage: Stage;
  round: number;
}

export function naive(settings: NaiveSettings): NaiveResult {
  const { arms, total, unit, k, c, share } = settings;
  const units = Array.from({ length: arms }, () => 0);
  const R: Response[][] = Array.from({ length: arms }, () => []);
  const rounds: NaiveRound[][] = Array.from({ length: arms }, () => []);
  const waves: NaiveCall[][] = [];

  const used = (): number => {
    const failures = R.flat().filter(({ failed }) => failed).length;
    return R.flat().length - Math.min(failures, total);
  };
  const dead = (i: number): boolean => {
    const own = R[i]!;
    let last = 0;
    while (last < own.length && own[own.length - 1 - last]!.failed) last += 1;
    return last === own.length ? last >= 4 : last >= 8;
  };

  function ask(calls: NaiveCall[], round: number): void {
    if (calls.length === 0) return;
    waves.push(calls);
    for (const { arm, stage } of calls) {
      R[arm]!.push({ ...settings.reply(arm, R[arm]!.length), stage, round });
    }
  }

  /** Algorithm 2 for all arms of S side by side; `size[i]` is B. */
  function integratedSampling(size: Map<number, number>, round: number): void {
    const first = new Map([...size.keys()].map((i) => [i, R[i]!.length]));
    const random = new Map(
      [...size.keys()].map((i) => [i, unitStream(settings.seed, settings.question(i), 0, units[i]!++)]),
    );
    // Line 1: R_init. Everyone's first request, then everyone's second, …
    ask(
      interleave(new Map([...size].map(([i, B]) => [i, plain(i, Math.ceil(B / 2))])), () => 0),
      round,
    );
    // Lines 3 to 7: R_cond.
    const conditioned = new Map<number, NaiveCall[]>();
    for (const [i, B] of size) {
      if (dead(i)) continue;
      const half = Math.floor(B / 2);
      const pool: number[] = [];
      for (const [n, r] of R[i]!.entries()) {
        const own = n >= first.get(i)! && r.stage === "parallel";
        const eligible = own || (settings.quoteEarlierUnits && n < first.get(i)!);
        if (eligible && !r.failed && r.text.trim().length > 0) pool.push(n);
      }
      if (pool.length === 0) conditioned.set(i, plain(i, half));
      else {
        const calls: NaiveCall[] = [];
        for (let j = 1; j <= half; j++) {
          const T = drawWithoutReplacement(pool, k, random.get(i)!);
          calls.push({ arm: i, stage: "sequential", parents: T });
        }
        conditioned.set(i, calls);
      }
    }
    ask(
      interleave(conditioned, (i) => R[i]!.length - first.get(i)!),
      round,
    );
  }

  // Algorithm 1, lines 2 to 6.
  const firstUnit = Math.min(unit, Math.floor(total / arms));
  integratedSampling(new Map(R.map((_, i) => [i, firstUnit])), 0);
  R.forEach((responses, i) => {
    rounds[i]!.push({
      round: 0,
      pulls: responses.length,
      priority: null,
      uncertainty: uncertainty(responses),
    });
  });

  // Lines 7 to 15.
  for (let round = 1; used() < total; round++) {
    const alive = R.map((_, i) => i).filter((i) => !dead(i));
    if (alive.length === 0) break;
    const a = new Map(alive.map((i) => [i, samplingPriority(R[i]!, R.flat().length, c)]));
    const S = alive
      .toSorted((x, y) => a.get(y)! - a.get(x)! || x - y)
      .slice(0, Math.ceil(share * alive.length));
    const size = new Map<number, number>();
    let left = total - used();
    for (const i of S) {
      if (left > 0) size.set(i, Math.min(unit, left));
      left -= unit;
    }
    const before = R.map((responses) => responses.length);
    integratedSampling(new Map([...size].toSorted(([x], [y]) => x - y)), round);
    for (const i of size.keys()) {
      const pulls = R[i]!.length - before[i]!;
      rounds[i]!.push({ round, pulls, priority: a.get(i)!, uncertainty: uncertainty(R[i]!) });
    }
  }

  // Lines 16 to 18.
  const votes = R.map(count);
  return {
    waves,
    rounds,
    votes,
    winners: R.map((responses, i) => {
      const best = votes[i]![0]?.[0];
      const n = responses.findIndex(({ failed, answer }) => !failed && answer === best);
      return best === undefined ? null : n;
    }),
    stops: R.map((_, i) => (dead(i) ? "closed" : "samples")),
  };
}

function plain(arm: number, length: number): NaiveCall[] {
  return Array.from({ length }, () => ({ arm, stage: "parallel", parents: [] }));
}

/** Everyone's n-th request of the unit before anyone's next; `done` counts those of earlier waves. */
function interleave(lists: Map<number, NaiveCall[]>, done: (i: number) => number): NaiveCall[] {
  const out: NaiveCall[] = [];
  const left = new Map([...lists].map(([i, calls]) => [i, [...calls]]));
  for (let n = 0; [...left.values()].some((calls) => calls.length > 0); n++) {
    for (const [i, calls] of left) if (done(i) <= n && calls.length > 0) out.push(calls.shift()!);
  }
  return out;
}

/** Algorithm 3. */
function samplingPriority(responses: Response[], used: number, c: number): number {
  return uncertainty(responses) + c * Math.sqrt(Math.log(used) / responses.length);
}

/** Section 3.4: u = 1 - max count / n. */
function uncertainty(responses: Response[]): number {
  let n = 0;
  for (const { failed } of responses) if (!failed) n += 1;
  let most = 0;
  for (const [, votes] of count(responses)) most = Math.max(most, votes);
  return n === 0 ? 1 : 1 - most / n;
}

/** Answers with their counts, most first; the one given first leads a tie. */
function count(responses: Response[]): [string, number][] {
  const table: [string, number][] = [];
  for (const { failed, answer } of responses) {
    if (failed || answer === null) continue;
    const row = table.find(([known]) => known === answer);
    if (row) row[1] += 1;
    else table.push([answer, 1]);
  }
  return table.toSorted((x, y) => y[1] - x[1]);
}
