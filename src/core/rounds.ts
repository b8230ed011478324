import type { Account } from "./account.js";
import {
  addSample,
  conclude,
  guarded,
  canBePulled,
  isSettled,
  measure,
  nextStream,
  openArms,
  reread,
} from "./arm_state.js";
import type { ArmState, Method, Terms } from "./arm_state.js";
import { requireAllocation, requirePlan, requireRanks } from "./contracts.js";
import { forgetLosers, forgets } from "./forget.js";
import { randomStreams } from "./random.js";
import { TokenMean } from "./token_mean.js";
import { QUESTIONS_IN_TURN } from "./turns.js";
import type { AllocationContext, Arm, Random, Reply, RoundRecord, SampleRequest, Solution } from "./types.js";

export type { Method, Terms } from "./arm_state.js";

/** One call of the model that may be sent now. */
export interface Call<Message, Prompt> {
  arm: Arm<Message>;
  request: SampleRequest<Prompt>;
  /** Round of the unit that it belongs to. */
  round: number;
}

/** A unit that begins: what the arm was granted, and why. */
export interface OpenedUnit<Message> {
  arm: Arm<Message>;
  unit: Omit<RoundRecord, "uncertainty">;
}

/** A unit that is over: what the arm really got, which is less if the budget ran out. */
export interface ClosedUnit<Message> {
  arm: Arm<Message>;
  record: RoundRecord;
}

/** What happens next, in this order; whoever plays the rounds brings the replies to `calls`. */
export interface Step<Message, Prompt> {
  closed: readonly ClosedUnit<Message>[];
  opened: readonly OpenedUnit<Message>[];
  /** May all be sent at the same time. Empty in the last step. */
  calls: readonly Call<Message, Prompt>[];
  /**
   * Arms whose unit is over: their replies are wanted again, in their order, with the
   * answers as they read beside each other. Without calls; only if `Terms` say so.
   */
  rereads?: readonly { arm: Arm<Message>; round: number }[];
  /** The arms that were asked last, with all replies booked. */
  asked: readonly Arm<Message>[];
  /** The first thing that a part of the method threw so far. */
  fault: Error | undefined;
}

/**
 * The replies to the calls of a step, in their order: one or more for each, none if it
 * did not fit the budget; or those of each arm to be reread.
 */
export type Replies<Message> = readonly (readonly Reply<Message>[])[];

/**
 * Algorithm 1, with barriers: one unit for every arm, then rounds in which the
 * allocator hands out units, until the budget is used; then the vote. The order
 * of calls and every choice follow from the seed and the replies alone; it calls
 * nothing itself, so the same rounds are played against a model or a recording.
 *
 * Where the paper is silent: a pool that does not hold a full unit per arm
 * shrinks the first unit of all arms alike; the last round is cut to what is
 * left (where tokens limit it, everyone's first call comes before anyone's second);
 * an arm whose calls fail one after another gets nothing more.
 *
 * Where losing responses are dropped, the units of a round are sampled some thousand at a
 * time, so that no more are held in full; what is asked in them is the same.
 *
 * Where one call brings several responses, fewer calls are sent: as many as
 * bring the planned samples, so a unit may end a few samples above its size.
 *
 * A part that throws or breaks its contract ends the sampling of the arms that it
 * was asked about, and what was paid for is still voted on: see `Solution.fault`.
 */
export function* playRounds<Message, Prompt>(
  questions: readonly string[],
  method: Method<Prompt>,
  account: Account,
  terms: Terms<Message>,
): Generator<Step<Message, Prompt>, Solution<Message>[], Replies<Message>> {
  const allocatorRandom = randomStreams(method.seed)();
  const states = openArms<Message>(questions, method);
  const tokens = new TokenMean(account);
  let asked: Arm<Message>[] = [];
  const firstFault = (): Error | undefined => states.find(({ fault }) => fault !== undefined)?.fault;
  let closed: ClosedUnit<Message>[] = [];
  const { samplesPerCall } = terms;
  /** Whose calls go together: all, or where texts are dropped and samples surely reach, as many as may be held. */
  const blocksOf = (grants: Grant<Message>[]): Grant<Message>[][] => {
    const wanted = grants.reduce((sum, { pulls }) => sum + Math.ceil(pulls / samplesPerCall), 0);
    const reaches = !tokens.isOfUse && wanted * samplesPerCall <= account.affordable();
    const size = reaches && forgets(method, terms) ? QUESTIONS_IN_TURN : Infinity;
    return size < grants.length
      ? Array.from({ length: Math.ceil(grants.length / size) }, (_, block) =>
          grants.slice(block * size, (block + 1) * size),
        )
      : [grants];
  };
  let grants = firstUnit(states, method, account.samplesLeft());
  for (let round = 0; grants.length > 0; round++) {
    for (const block of blocksOf(grants)) {
      for (const { state } of block) state.arm.unitStart = state.arm.samples.length;
      let opened = block.map(({ state, pulls, priority }) => ({
        arm: state.arm,
        unit: { round, pulls, priority },
      }));
      for (;;) {
        const wave = nextWave(
          block.filter(({ state }) => canBePulled(state, terms)),
          method,
          account,
          terms.samplesPerCall,
        );
        if (wave.length === 0) break;
        const calls = wave.map(({ state, request }) => ({ arm: state.arm, request, round }));
        const replies = yield { closed, opened, calls, asked, fault: firstFault() };
        closed = [];
        opened = [];
        for (const [place, { state, request }] of wave.entries()) {
          for (const reply of replies[place] ?? []) {
            account.record(reply);
            addSample(state, reply, round, request);
            tokens.add(reply.usage);
          }
        }
        asked = [...new Set(calls.map(({ arm }) => arm))];
        // Nothing is in flight, so none of these calls will ever fit.
        if (replies.every(({ length }) => length === 0)) for (const { state } of wave) state.isSpent = true;
        for (const { state } of block) measure(state, method);
      }
      if (terms.rereads === true && opened.length === 0) {
        const rereads = block.map(({ state }) => ({ arm: state.arm, round }));
        const read = yield { closed: [], opened, calls: [], rereads, asked, fault: firstFault() };
        for (const [place, { state }] of block.entries()) reread(state, read[place] ?? [], method);
      }
      // Still unannounced: every granted arm was closed before its first call.
      if (opened.length === 0) closed = block.map((grant) => closeUnit(grant, round));
      for (const { state } of block) forgetLosers(state, unitPlaces(state), method, terms);
    }
    const willing = states.filter((state) => canBePulled(state, terms) && !isSettled(state, method));
    if (willing.length === 0 || account.affordable() < 1) break;
    const context: AllocationContext = {
      usedSamples: states.reduce((sum, { arm }) => sum + arm.samples.length, 0),
      unitSamples: method.unitSamples,
      pulls: account.affordable(),
      arms: willing.length,
      slots: terms.slots,
      samplesPerCall: terms.samplesPerCall,
      meanOutputTokens: tokens.value,
      random: allocatorRandom,
    };
    grants = guarded(willing, () => nextGrants(willing, method, context), []);
  }
  yield { closed, opened: [], calls: [], asked, fault: firstFault() };
  return conclude(states, method, account, terms);
}

interface Grant<Message> {
  state: ArmState<Message>;
  pulls: number;
  priority: number | null;
  random: Random;
}

function firstUnit<Message>(
  states: ArmState<Message>[],
  method: Method,
  samplesLeft: number,
): Grant<Message>[] {
  const pulls = Math.min(method.unitSamples, Math.floor(samplesLeft / states.length));
  return states.map((state) => ({ state, pulls, priority: null, random: nextStream(state, method) }));
}

function nextGrants<Message>(
  willing: ArmState<Message>[],
  method: Method,
  context: AllocationContext,
): Grant<Message>[] {
  const { allocator } = method;
  const arms = willing.map((state) => state.arm);
  const pulls = allocator.allocate(arms, context);
  requireAllocation(allocator.name, pulls, arms.length, context);
  const won = willing
    .map((state, place) => ({ state, pulls: pulls[place] as number }))
    .filter((grant) => grant.pulls > 0);
  const priorities = won.map(({ state }) => allocator.priority?.(state.arm, context) ?? null);
  requireRanks(allocator.name, priorities);
  return won.map(({ state, pulls: granted }, place) => ({
    state,
    pulls: granted,
    priority: priorities[place] as number | null,
    random: nextStream(state, method),
  }));
}

/**
 * Algorithm 2 for every granted arm at the same time. A wave is all that may be
 * sent at once: first the independent halves, then the conditioned ones.
 */
function nextWave<Message, Prompt>(
  grants: readonly Grant<Message>[],
  { sampler }: Method<Prompt>,
  account: Account,
  samplesPerCall: number,
): { state: ArmState<Message>; request: SampleRequest<Prompt>; turn: number }[] {
  const planned = grants
    .filter((grant) => pullsDone(grant) < grant.pulls)
    .map((grant) => {
      const { state } = grant;
      const done = pullsDone(grant);
      const left = grant.pulls - done;
      const requests = guarded(
        [state],
        () => {
          const plan = sampler.plan(state.arm, left, grant.random);
          requirePlan(sampler.name, plan, state.arm, left);
          return plan;
        },
        [],
      );
      const calls = requests.slice(0, Math.ceil(requests.length / samplesPerCall));
      return calls.map((request, place) => ({ state, request, turn: done + place }));
    });
  return planned
    .flat()
    .toSorted(byTurn)
    .slice(0, account.affordable() / samplesPerCall);
}

function pullsDone<Message>({ state }: Grant<Message>): number {
  return state.arm.samples.length - state.arm.unitStart;
}

/** Everyone's first, then everyone's second, …: if the tokens run out, they run out for all alike. */
function unitPlaces<Message>({ arm: { samples, unitStart } }: ArmState<Message>): number[] {
  return Array.from({ length: samples.length - unitStart }, (_, place) => unitStart + place);
}

function byTurn(a: { turn: number }, b: { turn: number }): number {
  return a.turn - b.turn;
}

function closeUnit<Message>(grant: Grant<Message>, round: number): ClosedUnit<Message> {
  const { arm, rounds } = grant.state;
  const record = {
    round,
    pulls: pullsDone(grant),
    priority: grant.priority,
    uncertainty: arm.uncertainty,
  };
  if (record.pulls > 0) rounds.push(record);
  return { arm, record };
}
