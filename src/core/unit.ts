import { guarded, measure, addSample } from "./arm_state.js";
import type { ArmState, Method } from "./arm_state.js";
import { requirePlan } from "./contracts.js";
import type { Arm, Random, Reply, Sample, SampleRequest } from "./types.js";

/** A unit that is under way; several of one arm may be. */
export interface Unit<Message, Prompt> {
  readonly state: ArmState<Message>;
  readonly round: number;
  readonly pulls: number;
  readonly priority: number | null;
  readonly random: Random;
  /** Where its samples stand among those of the arm. */
  readonly places: number[];
  /** Requests that may be in flight together, and what has come back of them. */
  wave: Wave<Message, Prompt> | undefined;
  /** Samples asked for, of all its waves. */
  sent: number;
  /** Set once its first call is sent: what that call waits for. */
  opening: Promise<void> | undefined;
  /** Whether it waits to be sent on. */
  isReady: boolean;
  /** Whether nothing more is sent. */
  isCut: boolean;
  /** Whether all that was sent is back, too. */
  isOver: boolean;
}

export interface Wave<Message, Prompt> {
  readonly requests: readonly SampleRequest<Prompt>[];
  readonly replies: (readonly Reply<Message>[])[];
  /** Places of the requests that were not sent yet. */
  readonly waiting: number[];
  inFlight: number;
}

export function startUnit<Message, Prompt>(
  state: ArmState<Message>,
  granted: { round: number; pulls: number; priority: number | null; random: Random },
): Unit<Message, Prompt> {
  const { round, pulls, priority, random } = granted;
  state.arm.inFlight += pulls;
  return {
    state,
    round,
    pulls,
    priority,
    random,
    places: [],
    wave: undefined,
    sent: 0,
    opening: undefined,
    isReady: false,
    isCut: false,
    isOver: false,
  };
}

/** Samples that it still has to bring; some bring more than was planned. */
export function pullsLeft<Message, Prompt>({ pulls, places }: Unit<Message, Prompt>): number {
  return Math.max(0, pulls - places.length);
}

/** Samples that it still has to ask for. */
export function unsent<Message, Prompt>({ pulls, sent, isCut }: Unit<Message, Prompt>): number {
  return isCut ? 0 : Math.max(0, pulls - sent);
}

/** Plans the next wave; `undefined` if the sampler breaks, which closes the arm. */
export function planWave<Message, Prompt>(
  unit: Unit<Message, Prompt>,
  { sampler }: Method<Prompt>,
  samplesPerCall: number,
): Wave<Message, Prompt> | undefined {
  const left = pullsLeft(unit);
  const requests = guarded(
    [unit.state],
    () => {
      const { arm, originals } = viewOf(unit);
      const plan = sampler.plan(arm, left, unit.random);
      requirePlan(sampler.name, plan, arm, left);
      return originals === undefined ? plan : plan.map((request) => quoting(request, originals));
    },
    undefined,
  );
  if (requests === undefined) return undefined;
  const calls = Math.ceil(requests.length / samplesPerCall);
  const waiting = Array.from({ length: calls }, (_, place) => place);
  unit.wave = { requests, replies: [], waiting, inFlight: 0 };
  return unit.wave;
}

/** Adds what a wave brought to the arm, in the order asked. */
export function bookWave<Message, Prompt>(unit: Unit<Message, Prompt>, method: Method<Prompt>): void {
  const { state, wave } = unit;
  unit.wave = undefined;
  if (wave === undefined) return;
  const before = pullsLeft(unit);
  for (const [place, request] of wave.requests.entries()) {
    for (const reply of wave.replies[place] ?? []) {
      unit.places.push(state.arm.samples.length);
      addSample(state, reply, unit.round, request);
    }
  }
  state.arm.inFlight -= before - pullsLeft(unit);
  measure(state, method);
}

/**
 * The arm as the sampler of one of its units is to see it: with the samples of that
 * unit last. `originals` tells where the samples stand in truth, if that is elsewhere.
 */
function viewOf<Message, Prompt>({
  state: { arm },
  places,
}: Unit<Message, Prompt>): { arm: Arm<Message>; originals?: readonly number[] } {
  const { samples } = arm;
  const start = samples.length - places.length;
  if (places.every((place, offset) => place === start + offset)) {
    arm.unitStart = start;
    return { arm };
  }
  const own = new Set(places);
  const originals = [...samples.keys()].filter((place) => !own.has(place)).concat(places);
  const seenAt = new Map(originals.map((place, seen) => [place, seen]));
  const seen = originals.map((place, index): Sample<Message> => {
    const sample = samples[place] as Sample<Message>;
    return { ...sample, index, parents: sample.parents.map((parent) => seenAt.get(parent) as number) };
  });
  return { arm: { ...arm, samples: seen, unitStart: start }, originals };
}

function quoting<Prompt>(
  request: SampleRequest<Prompt>,
  originals: readonly number[],
): SampleRequest<Prompt> {
  return { ...request, parents: request.parents.map((parent) => originals[parent] as number) };
}
