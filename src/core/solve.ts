import type { Account } from "./budget.js";
import { requireAllocation, requirePlan } from "./contracts.js";
import { isHopeless } from "./hopeless.js";
import { randomStreams } from "./random.js";
import type {
  AllocationContext,
  Allocator,
  Arm,
  Random,
  Reply,
  RoundRecord,
  SampleRequest,
  Sampler,
  Solution,
  UncertaintyMeasure,
  VotingRule,
} from "./types.js";

/** The parts that make up a method. */
export interface Method<Prompt = unknown> {
  sampler: Sampler<Prompt>;
  allocator: Allocator;
  uncertainty: UncertaintyMeasure;
  voting: VotingRule;
  /** B_unit, in samples. */
  unitSamples: number;
  /** Every random choice follows from it. */
  seed: number;
}

/** The core's only door to the outside. */
export interface Outside<Message, Prompt> {
  /** Asks the model once. A failed call is a reply with `error`; a rejection stops everything. */
  generate(arm: Arm<Message>, request: SampleRequest<Prompt>): Promise<Reply<Message>>;
  /** Whether the arm may still be pulled (its caller may have aborted it). */
  isOpen(arm: Arm<Message>): boolean;
  /** Called before the first call of a unit. */
  openUnit(arm: Arm<Message>, unit: Omit<RoundRecord, "uncertainty">): Promise<void>;
  /** Called after its last call, with what the arm really got: fewer pulls if the budget ran out. */
  closeUnit(arm: Arm<Message>, record: RoundRecord): Promise<void>;
  /** Called when every call of a wave has come back and is booked. May throw to stop everything. */
  afterWave(arms: readonly Arm<Message>[]): void;
}

/**
 * Algorithm 1, with barriers: one unit for every arm, then rounds in which the
 * allocator hands out units, until the budget is used; then the vote. The order
 * of calls and every choice follow from the seed and the replies alone.
 *
 * Where the paper is silent: a pool that does not hold a full unit per arm
 * shrinks the first unit of all arms alike; the last round is cut to what is
 * left (where tokens limit it, everyone's first call comes before anyone's second);
 * an arm whose first calls have all failed gets nothing more.
 */
export async function solve<Message, Prompt>(
  questions: readonly string[],
  method: Method<Prompt>,
  account: Account,
  outside: Outside<Message, Prompt>,
): Promise<Solution<Message>[]> {
  const nextStream = randomStreams(method.seed);
  const allocatorRandom = nextStream();
  const states = questions.map((question, index): ArmState<Message> => ({
    arm: { index, question, samples: [], unitStart: 0, uncertainty: method.uncertainty([]) },
    random: nextStream(),
    rounds: [],
  }));
  const isOpen = ({ arm }: ArmState<Message>): boolean => mayPull(arm, outside);

  let grants: Grant<Message>[] = firstUnit(states, account.samplesLeft(), method.unitSamples);
  for (let round = 0; grants.length > 0; round++) {
    await sampleUnits(grants, round, method, account, outside, states);
    const open = states.filter(isOpen);
    grants =
      open.length === 0 || account.affordable() < 1 ? [] : nextGrants(open, method, account, allocatorRandom);
  }

  const exhausted = account.exhausted() ?? "closed";
  return states.map((state) => ({
    arm: state.arm,
    tally: method.voting(state.arm.samples, state.random),
    rounds: state.rounds,
    stopReason: isOpen(state) ? exhausted : "closed",
  }));
}

interface ArmState<Message> {
  arm: Arm<Message>;
  random: Random;
  rounds: RoundRecord[];
}

interface Grant<Message> {
  state: ArmState<Message>;
  pulls: number;
  priority: number | null;
}

function mayPull<Message>(arm: Arm<Message>, outside: Pick<Outside<Message, never>, "isOpen">): boolean {
  return !isHopeless(arm.samples) && outside.isOpen(arm);
}

function firstUnit<Message>(
  states: ArmState<Message>[],
  samplesLeft: number,
  unitSamples: number,
): Grant<Message>[] {
  const pulls = Math.min(unitSamples, Math.floor(samplesLeft / states.length));
  return states.map((state) => ({ state, pulls, priority: null }));
}

function nextGrants<Message>(
  open: ArmState<Message>[],
  method: Method,
  account: Account,
  random: Random,
): Grant<Message>[] {
  const { allocator, unitSamples } = method;
  const arms = open.map((state) => state.arm);
  const context: AllocationContext = {
    usedSamples: account.usedSamples(),
    unitSamples,
    pulls: account.affordable(),
    random,
  };
  const pulls = allocator.allocate(arms, context);
  requireAllocation(allocator.name, pulls, arms.length, context);
  return open
    .map((state, place) => ({
      state,
      pulls: pulls[place] as number,
      priority: allocator.priority?.(state.arm, context) ?? null,
    }))
    .filter((grant) => grant.pulls > 0);
}

/**
 * Algorithm 2 for every granted arm at the same time. A wave is all that may be
 * sent at once: first the independent halves, then the conditioned ones.
 */
async function sampleUnits<Message, Prompt>(
  grants: readonly Grant<Message>[],
  round: number,
  method: Method<Prompt>,
  account: Account,
  outside: Outside<Message, Prompt>,
  states: readonly ArmState<Message>[],
): Promise<void> {
  for (const { state } of grants) state.arm = { ...state.arm, unitStart: state.arm.samples.length };
  await Promise.all(
    grants.map(({ state, pulls, priority }) => outside.openUnit(state.arm, { round, pulls, priority })),
  );
  const pullsDone = (grant: Grant<Message>): number =>
    grant.state.arm.samples.length - grant.state.arm.unitStart;
  for (;;) {
    const planned = grants
      .filter((grant) => pullsDone(grant) < grant.pulls)
      .filter(({ state }) => mayPull(state.arm, outside))
      .map((grant) => {
        const { state } = grant;
        const done = pullsDone(grant);
        const left = grant.pulls - done;
        const requests = method.sampler.plan(state.arm, left, state.random);
        requirePlan(method.sampler.name, requests, state.arm, left);
        return requests.map((request, place) => ({ state, request, turn: done + place }));
      });
    const wave = planned.flat().toSorted(byTurn).slice(0, account.affordable());
    if (wave.length === 0) break;
    const replies = await allReplies(wave.map(({ state, request }) => outside.generate(state.arm, request)));
    for (const [place, { state, request }] of wave.entries()) {
      const reply = replies[place] as Reply<Message>;
      account.record(reply.usage);
      state.arm = withSample(state.arm, reply, round, request);
    }
    for (const { state } of grants) {
      state.arm = { ...state.arm, uncertainty: method.uncertainty(readAnswers(state.arm)) };
    }
    outside.afterWave(states.map((state) => state.arm));
  }
  await Promise.all(
    grants.map(async (grant) => {
      const { arm, rounds } = grant.state;
      const { priority } = grant;
      const record = { round, pulls: pullsDone(grant), priority, uncertainty: arm.uncertainty };
      if (record.pulls > 0) rounds.push(record);
      await outside.closeUnit(arm, record);
    }),
  );
}

/** Waits for every call, so that a rejection leaves nothing in flight. */
async function allReplies<Message>(calls: readonly Promise<Reply<Message>>[]): Promise<Reply<Message>[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

/** Everyone's first, then everyone's second, …: if the tokens run out, they run out for all alike. */
function byTurn(a: { turn: number }, b: { turn: number }): number {
  return a.turn - b.turn;
}

function withSample<Message>(
  arm: Arm<Message>,
  reply: Reply<Message>,
  round: number,
  { stage, parents }: SampleRequest,
): Arm<Message> {
  return {
    ...arm,
    samples: [...arm.samples, { ...reply, index: arm.samples.length, round, stage, parents }],
  };
}

/** What the model answered; a failed call is no answer at all. */
function readAnswers(arm: Arm): (string | null)[] {
  return arm.samples.filter(({ error }) => error === undefined).map(({ answer }) => answer);
}
