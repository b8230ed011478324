import { openAccount } from "../core/account.js";
import type { Budget } from "../core/budget.js";
import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import { randomStreams } from "../core/random.js";
import { playRounds } from "../core/rounds.js";
import type { Call, Method } from "../core/rounds.js";
import type { Reply, Sample, SampleRequest } from "../core/types.js";
import { resolveMethod } from "../method.js";
import type { MethodFields } from "../method.js";
import { independent } from "../samplers/independent.js";
import { budgetOf, readCheckpoints } from "./checkpoints.js";
import type { CheckpointOptions } from "./checkpoints.js";
import { openDraws, withReplacement } from "./draws.js";
import type { Draw } from "./draws.js";
import type { PoolQuestion, PoolSample } from "./pool.js";
import { recordedUnits, requireUnits } from "./recorded_units.js";
import type { RecordedRequest, UnitSampler } from "./recorded_units.js";
import type { Run } from "./run.js";
import { toRunSample } from "./run_of.js";
import { electedBefore, standingOf } from "./standings.js";
import { isConditioned, unitLength, unitPlanOf } from "./units.js";
import type { RecordedUnit } from "./units.js";

/** Options of `replay()`, besides the budgets. */
export interface ReplayOptions extends CheckpointOptions {
  /** Questions with recorded responses, at least one. */
  pool: readonly PoolQuestion[];
  /**
   * Methods by name. The sampler is `independent()` where none is given; a method that
   * conditions samples on others needs a pool with units of the same plan.
   */
  methods: Readonly<Record<string, MethodFields>>;
  /** One run of each method for each seed, 0 to 4294967295. Default `[0]`. */
  seeds?: readonly number[];
  /** Default `withReplacement`. */
  draw?: Draw;
}

const OPTIONS = ["pool", "methods", "seeds", "draw", "samplesPerInput", "outputTokensPerInput"];

/**
 * Runs methods over recorded answers, at no cost: the rounds, allocators and votes of a
 * model that is asked with `maxConcurrency: 1`. Under other limits, or none, allocators whose
 * rounds follow them (`voteIndex()` without a `roundShare`) serve more questions a round. Yields one run after another, seed by seed; all
 * methods of a seed are given the same samples, or the same units.
 *
 * Units are drawn as wholes. None depends on what was asked before it, so whoever gets
 * them, they are what a live run would have got, as far as the recording shows the model;
 * but a unit that the budget cuts short has independent samples alone.
 *
 * @throws {OptionError} if an option is wrong, or a method asks for conditioned samples
 *   that were not recorded
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
  const prepared = Object.entries(methods).map(([name, fields]) => prepare(name, fields, pool));
  for (const seed of seeds) {
    for (const { name, fields, units } of prepared) {
      const method = resolveMethod(fields, seed);
      // It costs nothing to give every budget a run of its own, spent to the last sample.
      const plays = budgets.map((budget) => {
        const nextStream = randomStreams(seed);
        const samples = pool.map((question) => question.samples);
        const responses = openDraws(samples, draw, nextStream);
        const source =
          units &&
          recordedUnits(method.sampler.name, units.length, openDraws(units.recorded, draw, nextStream));
        return play(name, method, pool, { responses, source }, budget);
      });
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
          electedBefore: electedBefore(plays.at(-1)?.[place] ?? [], method.voting, seed),
        })),
      };
    }
  }
}

/** A method, and the recorded units that it needs if it conditions samples on others. */
interface Prepared {
  name: string;
  fields: MethodFields;
  units: { length: number; recorded: (readonly RecordedUnit[])[] } | undefined;
}

/** @throws {OptionError} if a part of the method is none, or its units were not recorded */
function prepare(name: string, given: MethodFields, pool: readonly PoolQuestion[]): Prepared {
  const fields = { sampler: independent(), ...given };
  const method = resolveMethod(fields, 0);
  const plan = unitPlanOf(method);
  if (plan === undefined || !isConditioned(plan)) return { name, fields, units: undefined };
  const recorded = requireUnits(`replay.methods.${name}.sampler`, method.sampler.name, plan, pool);
  return { name, fields, units: { length: unitLength(plan), recorded } };
}

/** Where the responses of one play come from. */
interface Recording {
  /** The n-th independent response (from 0) of each question. */
  responses: readonly ((n: number) => PoolSample | undefined)[];
  source: UnitSampler | undefined;
}

function play(
  name: string,
  method: Method,
  pool: readonly PoolQuestion[],
  { responses: draws, source }: Recording,
  budget: Budget,
): (readonly Sample[])[] {
  const used = pool.map(() => 0);
  const nextOf = (index: number): PoolSample | undefined => draws[index]?.(used[index] as number);
  const questions = pool.map(({ id }) => id);
  const played = { ...method, ...(source && { sampler: source.sampler }) };
  const rounds = playRounds(questions, played, openAccount(budget, pool.length), {
    samplesPerCall: 1,
    isOpen: (arm) => nextOf(arm.index) !== undefined && (source?.hasMore(arm) ?? true),
    // Nothing is gained by asking for more at a time than has to be known.
    slots: 1,
  });
  const replies = ({ arm: { index }, request }: Call<unknown, unknown>): Reply[] => {
    if (isRecorded(request)) return [toReply(request.recorded)];
    if (request.parents.length > 0) {
      throw new OptionError(
        `replay.methods.${name}.sampler`,
        method.sampler.name,
        "Its conditioned samples cannot be replayed, because its units do not stand alone: use evaluate() with a model.",
      );
    }
    const drawn = nextOf(index);
    if (drawn === undefined) return [];
    used[index] = (used[index] as number) + 1;
    return [toReply(drawn)];
  };
  let step = rounds.next();
  while (!step.done) step = rounds.next(step.value.calls.map(replies));
  const broken = step.value.find(({ fault }) => fault !== undefined);
  if (broken) throw broken.fault;
  return step.value.map(({ arm }) => arm.samples);
}

function isRecorded(request: SampleRequest): request is RecordedRequest {
  return "recorded" in request;
}

function toReply({ answer, tokens, inputTokens, text }: PoolSample & { text?: string }): Reply {
  return {
    // Never blank: a sampler that quotes would take a blank response for none, and go on without chains.
    text: text ?? answer ?? "(unreadable)",
    answer,
    usage: { inputTokens, outputTokens: tokens ?? undefined },
  };
}

/** The worst case of one sample: a budget in tokens is kept as it would be against a model. */
function largestSample(pool: readonly PoolQuestion[]): number {
  return pool.reduce(
    (most, { samples, units = {} }) =>
      [...samples, ...Object.values(units).flat(2)].reduce(
        (own, { tokens }) => Math.max(own, tokens ?? 0),
        most,
      ),
    1,
  );
}
