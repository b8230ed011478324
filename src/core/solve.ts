import { withWorstCase } from "./account.js";
import type { Account } from "./account.js";
import { playCourse } from "./play_course.js";
import { playRounds } from "./rounds.js";
import type { Call, Method, Terms } from "./rounds.js";
import { settleAll } from "./settle.js";
import type { Arm, Reply, RoundRecord, SampleRequest, Solution } from "./types.js";

/**
 * When units are granted: `rounds`, Algorithm 1 of the paper, in which everyone waits
 * for the slowest call of each half of a round, and which repeats itself call for
 * call with the same seed; or `continuous`, in which a call is sent whenever one may be.
 * A round serves the top share of the inputs whatever `maxConcurrency` is, so in a small
 * batch fewer calls may be in flight than it allows; `continuous` fills them.
 */
export type Schedule = "rounds" | "continuous";

/** The core's only door to the outside. */
export interface Outside<Message, Prompt> extends Terms<Message> {
  /**
   * Calls the model once; brings one reply for each response. A failed call is one
   * reply with `error`; a rejection stops everything.
   *
   * @param round of the unit that the call belongs to; no other of the arm has the same
   */
  generate(
    arm: Arm<Message>,
    request: SampleRequest<Prompt>,
    round: number,
  ): Promise<readonly Reply<Message>[]>;
  /**
   * Most tokens that the prompt of a call can have. Left out where nothing limits what
   * prompts cost. A rejection counts as zero: the call itself will fail alike.
   */
  inputTokens?: ((arm: Arm<Message>, request: SampleRequest<Prompt>) => Promise<number>) | undefined;
  /** Brings the replies of an arm with their answers as they read beside each other; only if `rereads`. */
  reread?(arm: Arm<Message>, round: number): Promise<readonly Reply<Message>[]>;
  /** Called before the first call of a unit. */
  openUnit(arm: Arm<Message>, unit: Omit<RoundRecord, "uncertainty">): Promise<void>;
  /** Called after its last call, with what the arm really got: fewer pulls if the budget ran out. */
  closeUnit(arm: Arm<Message>, record: RoundRecord): Promise<void>;
  /**
   * Called when calls that could be sent together have come back and are booked, with
   * the arms that they were for and what a part of the method threw so far. May throw to
   * stop everything.
   */
  afterWave(arms: readonly Arm<Message>[], fault: Error | undefined): void;
}

/** Plays Algorithm 1 against a model. */
export function solve<Message, Prompt>(
  questions: readonly string[],
  method: Method<Prompt>,
  account: Account,
  outside: Outside<Message, Prompt>,
  schedule: Schedule,
): Promise<Solution<Message>[]> {
  const play = schedule === "rounds" ? solveInRounds : playCourse;
  return play(questions, method, account, outside);
}

/** Every wave at once. */
async function solveInRounds<Message, Prompt>(
  questions: readonly string[],
  method: Method<Prompt>,
  account: Account,
  outside: Outside<Message, Prompt>,
): Promise<Solution<Message>[]> {
  const rounds = playRounds<Message, Prompt>(questions, method, account, outside);
  try {
    let step = rounds.next();
    while (!step.done) {
      const { closed, opened, calls, rereads = [] } = step.value;
      await settleAll(closed.map(({ arm, record }) => outside.closeUnit(arm, record)));
      await settleAll(opened.map(({ arm, unit }) => outside.openUnit(arm, unit)));
      const asked = send(calls, account, outside);
      const reread = settleAll(
        rereads.map(async ({ arm, round }) => (await outside.reread?.(arm, round)) ?? arm.samples),
      );
      const replies = (await settleAll([asked, reread])).flat();
      step = rounds.next(replies);
      if (calls.length > 0 && !step.done) outside.afterWave(step.value.asked, step.value.fault);
    }
    return step.value;
  } finally {
    rounds.return([]);
  }
}

/** Sends every call whose worst case fits beside those of all others; none of the rest, which have no reply. */
async function send<Message, Prompt>(
  calls: readonly Call<Message, Prompt>[],
  account: Account,
  { generate, inputTokens }: Outside<Message, Prompt>,
): Promise<(readonly Reply<Message>[])[]> {
  const sizes =
    inputTokens && (await Promise.allSettled(calls.map(({ arm, request }) => inputTokens(arm, request))));
  const sizeOf = (place: number): number => {
    const size = sizes?.[place];
    return size?.status === "fulfilled" ? size.value : 0;
  };
  // Of the first alone: who waited for more with one in hand might wait for ever.
  if (calls.length > 0) await account.turn?.(sizeOf(0));
  const held = calls.map((_, place) => account.reserve(sizeOf(place)));
  try {
    return await settleAll(
      calls.map(async ({ arm, request, round }, place) => {
        const reservation = held[place];
        if (!reservation) return [];
        return withWorstCase(await generate(arm, request, round), reservation);
      }),
    );
  } finally {
    // However it ends: another batch may draw on the account.
    for (const reservation of held) if (reservation) account.release(reservation);
  }
}
