import { openAccount } from "../core/account.js";
import type { Budget } from "../core/budget.js";
import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { playRounds } from "../core/rounds.js";
import type { Call, Method } from "../core/rounds.js";
import type { Reply, Sample } from "../core/types.js";
import { resolveMethod } from "../method.js";
import type { MethodFields } from "../method.js";
import { independent } from "../samplers/independent.js";
import { budgetOf, readCheckpoints } from "./checkpoints.js";
import type { CheckpointOptions } from "./checkpoints.js";
import { openDraws, withReplacement } from "./draws.js";
import type { Draw } from "./draws.js";
import type { PoolQuestion, PoolSample } from "./pool.js";
import type { Run } from "./run.js";
import { toRunSample } from "./run_of.js";
import { standingOf } from "./standings.js";

/** Options of `replay()`, besides the budgets. */
export interface ReplayOptions extends CheckpointOptions {
  /** Questions with recorded independent responses, at least one. */
  pool: readonly PoolQuestion[];
  /**
   * Methods by name. The sampler is `independent()` where none is given: a
   * recording holds no conditioned samples.
   */
  methods: Readonly<Record<string, MethodFields>>;
  /** One run of each method for each seed, 0 to 4294967295. Default `[0]`. */
  seeds?: readonly number[];
  /** Default `withReplacement`. */
  draw?: Draw;
}

const OPTIONS = ["pool", "methods", "seeds", "draw", "samplesPerInput", "outputTokensPerInput"];

/**
 * Runs methods over recorded answers, at no cost: the same rounds, allocators and
 * votes as against a model. Yields one run after another, seed by seed; all
 * methods of a seed are given the same samples.
 *
 * @throws {OptionError} if an option is wrong, or a method asks for a conditioned sample
 */
export function* replay(options: ReplayOptions): Generator<Run, void, undefined> {
  requireKnownKeys("replay", options, OPTIONS);
  const { pool, methods, seeds = [0], draw = withReplacement } = options;
  const checkpoints = readCheckpoints(options);
  if (pool.length === 0) throw new OptionError("replay.pool", pool, "Give at least one question.");
  for (const seed of seeds) requireInteger("replay.seeds", seed, 0, 2 ** 32 - 1);
  const worstCase = largestSample(pool);
  const budgets = checkpoints.amounts.map((amount) =>
    budgetOf({ ...checkpoints, amounts: [amount] }, pool.length, worstCase),
  );
  for (const seed of seeds) {
    for (const [name, fields] of Object.entries(methods)) {
      const method = resolveMethod({ sampler: independent(), ...fields }, seed);
      // It costs nothing to give every budget a run of its own, spent to the last sample.
      const plays = budgets.map((budget) => play(name, method, pool, openDraws(pool, draw, seed), budget));
      yield {
        method: name,
        seed,
        model: null,
        unit: checkpoints.unit,
        checkpoints: checkpoints.amounts,
        seconds: null,
        questions: pool.map(({ id, gold }, place) => ({
          id,
          gold,
          standings: plays.map((arms) => standingOf(arms[place] ?? [], method.voting, seed)),
          samples: (plays.at(-1)?.[place] ?? []).map(toRunSample),
        })),
      };
    }
  }
}

function play(
  name: string,
  method: Method,
  pool: readonly PoolQuestion[],
  draws: readonly ((n: number) => PoolSample | undefined)[],
  budget: Budget,
): (readonly Sample[])[] {
  const used = pool.map(() => 0);
  const nextOf = (index: number): PoolSample | undefined => draws[index]?.(used[index] as number);
  const questions = pool.map(({ id }) => id);
  const rounds = playRounds(questions, method, openAccount(budget, pool.length), {
    samplesPerCall: 1,
    slots: Infinity,
    isOpen: ({ index }) => nextOf(index) !== undefined,
  });
  const replies = ({ arm: { index }, request }: Call<unknown, unknown>): Reply[] => {
    if (request.parents.length > 0) {
      throw new OptionError(
        `replay.methods.${name}.sampler`,
        method.sampler.name,
        "A recording holds no conditioned samples: use independent(), or evaluate() with a model.",
      );
    }
    const drawn = nextOf(index);
    if (drawn === undefined) return [];
    used[index] = (used[index] as number) + 1;
    // Never blank: a sampler that quotes would take a blank response for none, and go on without chains.
    const text = drawn.answer ?? "(unreadable)";
    return [{ text, answer: drawn.answer, usage: { outputTokens: drawn.tokens ?? undefined } }];
  };
  let step = rounds.next();
  while (!step.done) step = rounds.next(step.value.calls.map(replies));
  const broken = step.value.find(({ fault }) => fault !== undefined);
  if (broken) throw broken.fault;
  return step.value.map(({ arm }) => arm.samples);
}

/** The worst case of one sample: a budget in tokens is kept as it would be against a model. */
function largestSample(pool: readonly PoolQuestion[]): number {
  return pool.reduce(
    (most, { samples }) => samples.reduce((own, { tokens }) => Math.max(own, tokens ?? 0), most),
    1,
  );
}
