import type { MethodFields } from "langchain-dynscaling";
import {
  effectiveAllocation,
  flips,
  inPasses,
  infiniteVote,
  replay,
  sameAnswer,
  scoreRuns,
} from "langchain-dynscaling/evaluation";
import type { Flips, MethodScores, PoolQuestion, Run, Share } from "langchain-dynscaling/evaluation";

/** What the replays of one method show. */
export interface Result {
  name: string;
  scores: MethodScores;
  /** Additional samples that went to questions whose answer, by the method's own vote, was wrong when they were granted. */
  effective: Share;
  /** Additional samples that went to questions on which all recorded answers together vote wrong. */
  hopeless: Share;
  flips: Flips;
  /** With the single samples of the first of them alone: there are millions in all. */
  runs: readonly Run[];
}

/** Replays methods over a pool, at all budgets and seeds; the results come in the order of the methods. */
export function study(
  pool: readonly PoolQuestion[],
  methods: Readonly<Record<string, MethodFields>>,
  samplesPerInput: readonly number[],
  seeds: number,
): Result[] {
  const elected = infiniteVote(pool);
  const lost = new Set(
    pool
      .filter(({ id, gold }) => gold !== null && !elected.get(id)?.some((answer) => sameAnswer(answer, gold)))
      .map(({ id }) => id),
  );
  return Object.entries(methods).map(([name, fields]) => {
    const runs: Run[] = [];
    const [effective, hopeless] = [nothing(), nothing()];
    const seen: Flips = { rightToWrong: nothing(), wrongToRight: nothing(), awayFromVote: nothing() };
    const options = { pool, methods: { [name]: fields }, samplesPerInput, draw: inPasses };
    for (const run of replay({ ...options, seeds: Array.from({ length: seeds }, (_, seed) => seed) })) {
      add(effective, effectiveAllocation([run]).overall);
      const flipped = flips([run]);
      for (const key of ["rightToWrong", "wrongToRight", "awayFromVote"] as const)
        add(seen[key], flipped[key]);
      for (const { id, samples } of run.questions) {
        const extra = samples.filter(({ round }) => round > 0).length;
        add(hopeless, { count: lost.has(id) ? extra : 0, of: extra });
      }
      runs.push(runs.length === 0 ? run : withoutSamples(run));
    }
    const [scores] = scoreRuns(runs);
    return { name, scores: scores as MethodScores, effective, hopeless, flips: seen, runs };
  });
}

function withoutSamples({ questions, ...run }: Run): Run {
  return { ...run, questions: questions.map((question) => ({ ...question, samples: [] })) };
}

function nothing(): Share {
  return { count: 0, of: 0 };
}

function add(sum: Share, { count, of }: Share): void {
  sum.count += count;
  sum.of += of;
}
