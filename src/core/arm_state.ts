import type { Account } from "./account.js";
import { asError } from "./errors.js";
import { isHopeless } from "./hopeless.js";
import { joined } from "./joined.js";
import { unitStream } from "./random.js";
import type {
  Arm,
  Judgement,
  Random,
  Reply,
  RoundRecord,
  Sample,
  SampleRequest,
  Sampler,
  Allocator,
  Solution,
  StopReason,
  Tally,
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

/** What both schedules need to know of the outside. */
export interface Terms<Message> {
  /** Responses that one call brings, at least 1. */
  samplesPerCall: number;
  /** Calls that may be in flight together; Infinity if nothing limits them. */
  slots: number;
  /** Whether the answers of an arm are read anew, all together, after each of its units. */
  rereads?: boolean;
  /** Called with a message that is not needed any more, before it is dropped; without it, all are kept. */
  forget?: ((arm: Arm<Message>, message: Message) => void) | undefined;
  /**
   * Samples of a unit of the arm (the first is 0) if an earlier run paid for it, or for one
   * after it; 0 if it is new. Such units are granted before anything new.
   */
  owed?: ((arm: Arm<Message>, unit: number) => number) | undefined;
  /** Whether the arm may still be pulled (its caller may have aborted it). */
  isOpen(arm: Arm<Message>): boolean;
}

/** An arm, which only a schedule changes. */
export interface ArmState<Message> {
  readonly arm: Arm<Message> & { samples: Sample<Message>[] };
  readonly rounds: RoundRecord[];
  /** Which of several equal questions it is, from 0. */
  readonly occurrence: number;
  /** Units so far. */
  units: number;
  /** Whether its next call does not fit the budget. */
  isSpent: boolean;
  /** What the allocator said last, with nothing in flight. */
  decision: Decision | undefined;
  fault: Error | undefined;
}

/** Whether an arm needs more samples than it has. */
interface Decision {
  isSettled: boolean;
  judgement: Judgement | undefined;
  /** Samples that the arm had. */
  samples: number;
}

/** One state for every question. */
export function openArms<Message>(questions: readonly string[], method: Method): ArmState<Message>[] {
  const seen = new Map<string, number>();
  const uncertainty = method.uncertainty([]);
  return questions.map((question, index) => {
    const occurrence = seen.get(question) ?? 0;
    seen.set(question, occurrence + 1);
    const arm = { index, question, samples: [], unitStart: 0, inFlight: 0, uncertainty };
    return { arm, rounds: [], occurrence, units: 0, isSpent: false, decision: undefined, fault: undefined };
  });
}

/** The random numbers of the arm's next unit: what is asked in it depends on nothing but seed, question and unit. */
export function nextStream<Message>(state: ArmState<Message>, { seed }: Method): Random {
  return unitStream(seed, state.arm.question, state.occurrence, state.units++);
}

/** Runs a part of the method, which is the user's to write; what it throws closes the arms it was asked about. */
export function guarded<Message, Result>(
  states: readonly ArmState<Message>[],
  task: () => Result,
  otherwise: Result,
): Result {
  try {
    return task();
  } catch (error) {
    const fault = asError(error);
    for (const state of states) state.fault ??= fault;
    return otherwise;
  }
}

export function isOpen<Message>({ arm, fault }: ArmState<Message>, terms: Terms<Message>): boolean {
  return fault === undefined && !isHopeless(arm.samples) && terms.isOpen(arm);
}

/** Whether the arm can still be pulled, as far as the arm itself goes. */
export function canBePulled<Message>(state: ArmState<Message>, terms: Terms<Message>): boolean {
  return !state.isSpent && isOpen(state, terms);
}

export function isSettled<Message>(state: ArmState<Message>, { allocator }: Method): boolean {
  const { arm } = state;
  const decided = guarded([state], () => allocator.isSettled?.(arm), true) === true;
  if (arm.inFlight === 0) {
    const judgement = guarded([state], () => allocator.judge?.(arm), undefined);
    state.decision = { isSettled: decided, judgement, samples: arm.samples.length };
  }
  return decided;
}

/** The last decision on what the arm has: prices may have changed since. */
function lastDecision<Message>(state: ArmState<Message>, method: Method): Decision | undefined {
  if (state.decision?.samples !== state.arm.samples.length) isSettled(state, method);
  return state.decision;
}

/** What the model answered; a failed call is no answer at all. */
export function measure<Message>(
  state: ArmState<Message>,
  { uncertainty }: Pick<Method, "uncertainty">,
): void {
  const { arm } = state;
  const answers = (): (string | null)[] =>
    arm.samples
      .filter(({ error, purpose }) => error === undefined && purpose === "answer")
      .map(({ answer }) => answer);
  arm.uncertainty = guarded([state], () => uncertainty(answers()), arm.uncertainty);
}

export function addSample<Message>(
  { arm: { samples } }: ArmState<Message>,
  reply: Reply<Message>,
  round: number,
  { stage, purpose = "answer", parents }: SampleRequest,
): void {
  const { text, answer, usage, message, truncated, ...rare } = reply;
  const index = samples.length;
  // Spelled out, it takes half the memory: there are many.
  const sample = { text, answer, usage, message, truncated, index, round, stage, purpose, parents };
  samples.push(Object.keys(rare).length === 0 ? sample : joined(sample, rare));
}

/** Takes over the answers of an arm as they read beside each other. */
export function reread<Message>(
  state: ArmState<Message>,
  replies: readonly Reply<Message>[],
  method: Method,
): void {
  // A list of its own: who has counted the old one must count again.
  state.arm.samples = state.arm.samples.map((sample, index) => {
    const reply = replies[index];
    return reply === undefined ? sample : { ...sample, answer: reply.answer };
  });
  measure(state, method);
}

/** The vote. */
export function conclude<Message>(
  states: readonly ArmState<Message>[],
  method: Method,
  account: Account,
  terms: Terms<Message>,
): Solution<Message>[] {
  const exhausted = account.exhausted() ?? "closed";
  return states.map((state) => {
    const nobody: Tally = { winner: null, votes: [] };
    const outOfBudget = state.isSpent && exhausted === "closed" ? "cost" : exhausted;
    const decision = lastDecision(state, method);
    const judgement = decision?.judgement;
    const settled = judgement?.isFull === true ? "samples" : "settled";
    const stopReason: StopReason = !isOpen(state, terms)
      ? "closed"
      : decision?.isSettled === true
        ? settled
        : outOfBudget;
    const random = nextStream(state, method);
    const tally = guarded([state], () => method.voting(state.arm.samples, random), nobody);
    return { arm: state.arm, tally, rounds: state.rounds, stopReason, judgement, fault: state.fault };
  });
}
