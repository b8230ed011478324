import type { Account } from "./account.js";
import { canBePulled, conclude, nextStream, openArms, reread } from "./arm_state.js";
import type { ArmState, Method, Terms } from "./arm_state.js";
import { openContenders } from "./contenders.js";
import { forgetLosers } from "./forget.js";
import { wholeCalls } from "./limits.js";
import { Owed } from "./owed.js";
import { ceilingOf } from "./products.js";
import { randomStreams } from "./random.js";
import type { Call } from "./rounds.js";
import { TokenMean } from "./token_mean.js";
import { QUESTIONS_IN_TURN, Turns } from "./turns.js";
import type { Reply, RoundRecord, Solution } from "./types.js";
import { bookWave, planWave, pullsLeft, startUnit, unsent } from "./unit.js";
import type { Unit, Wave } from "./unit.js";

/** One call of a unit. */
export interface UnitCall<Message, Prompt> extends Call<Message, Prompt> {
  readonly unit: Unit<Message, Prompt>;
  readonly wave: Wave<Message, Prompt>;
  /** Place among the requests of its wave. */
  readonly place: number;
}

/** Where nothing limits the calls in flight, and the allocator does not say. */
const DEFAULT_SHARE_UNDER_WAY = 0.25;

/**
 * Algorithm 1 without barriers. Whenever a call may be sent, it is the next one of a
 * unit that is under way, and if none has any, the arm that the allocator ranks first
 * gets a new unit; also while other units of it are under way. A unit waits for its
 * own parallel half alone. Like `playRounds`, it calls nothing itself and knows no
 * time: what is asked in a unit follows from the seed and the unit's own replies;
 * only who gets a unit depends on what has come back by then.
 *
 * Samples in flight count as samples of their arm, and the allocators value what
 * comes after them accordingly: see `Arm.inFlight`.
 *
 * Where nothing limits the calls in flight, only a share of the arms may have units
 * under way once the first units are over (`Allocator.roundShare`).
 */
export class Course<Message, Prompt> {
  readonly #method: Method<Prompt>;
  readonly #account: Account;
  readonly #terms: Terms<Message>;
  readonly #states: ArmState<Message>[];
  readonly #contenders: ReturnType<typeof openContenders<Message>>;
  readonly #random: () => number;
  readonly #tokens: TokenMean;
  readonly #ready = new Turns<Unit<Message, Prompt>>();
  /** Units that are over and not closed. */
  #over: Unit<Message, Prompt>[] = [];
  /** How many of each arm: it is offered again when it has been reread. */
  readonly #rereading = new Map<ArmState<Message>, number>();
  readonly #owed: Owed<Message>;
  readonly #mostUnits: number;
  /** Questions whose first units take turns. */
  readonly #block: number;
  #units = 0;
  #rounds = 0;
  /** Calls in flight. */
  #inFlight = 0;
  /** Samples that the units under way will still ask for. */
  #unsent = 0;
  /** Samples of all arms, those of units under way included. */
  #granted = 0;
  /** Samples booked so far, and when the mean of their tokens is looked at again. */
  #booked = 0;
  #nextLook: number;
  #meanOutputTokens: number | null = null;
  /** Whether a call did not fit: another may, once one has come back. */
  #isBlocked = false;
  #fault: Error | undefined;

  constructor(questions: readonly string[], method: Method<Prompt>, account: Account, terms: Terms<Message>) {
    this.#method = method;
    this.#account = account;
    this.#tokens = new TokenMean(account);
    this.#terms = terms;
    this.#states = openArms<Message>(questions, method);
    this.#owed = new Owed(this.#states, terms);
    this.#random = randomStreams(method.seed)();
    this.#nextLook = questions.length;
    const share = method.allocator.roundShare ?? DEFAULT_SHARE_UNDER_WAY;
    this.#mostUnits = terms.slots < Infinity ? Infinity : Math.max(1, ceilingOf(share, questions.length));
    this.#contenders = openContenders(
      this.#states,
      method,
      // Also arms whose first samples are still out: whoever answers fast must not take their share.
      (state) => !this.#rereading.has(state) && canBePulled(state, terms),
    );
    this.#block = this.#tokens.isOfUse ? Infinity : QUESTIONS_IN_TURN;
    const pulls = Math.min(method.unitSamples, Math.floor(account.samplesLeft() / questions.length));
    for (const state of this.#states) this.#start(state, pulls, null);
  }

  /** The first thing that a part of the method threw so far. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /**
   * The call to be sent next; `null` if none can be before another one has come back, a
   * unit was closed, or at all.
   */
  next(): UnitCall<Message, Prompt> | null {
    for (;;) {
      const unit = this.#ready.next;
      if (unit === undefined) {
        if (!this.#grant()) return null;
        continue;
      }
      if (unit.isCut || !canBePulled(unit.state, this.#terms)) {
        this.#unready();
        this.#cut(unit);
        continue;
      }
      if (this.#isBlocked) return null;
      if (this.#account.affordable() < 1) {
        if (this.#inFlight > 0) return null;
        // Nothing will ever come back.
        this.#unready();
        this.#cut(unit);
        continue;
      }
      this.#unready();
      const wave = unit.wave ?? planWave(unit, this.#method, this.#terms.samplesPerCall);
      if (wave === undefined) {
        this.#cut(unit);
        continue;
      }
      return this.#send(unit, wave);
    }
  }

  /** Takes back a call of `next()` that does not fit the budget, and was not sent. */
  postpone({ unit, wave, place }: UnitCall<Message, Prompt>): void {
    this.#inFlight -= 1;
    wave.inFlight -= 1;
    this.#count(unit, -this.#terms.samplesPerCall);
    wave.waiting.unshift(place);
    this.#isBlocked = this.#inFlight > 0;
    // Nothing is in flight, so it will never fit.
    if (!this.#isBlocked) unit.state.isSpent = true;
    this.#proceed(unit);
  }

  /** @returns whether that was the last of the calls that could be sent together */
  book({ unit, wave, place }: UnitCall<Message, Prompt>, replies: readonly Reply<Message>[]): boolean {
    this.#inFlight -= 1;
    this.#isBlocked = false;
    wave.inFlight -= 1;
    wave.replies[place] = replies;
    for (const reply of replies) {
      this.#account.record(reply);
      this.#tokens.add(reply.usage);
    }
    this.#booked += replies.length;
    const isBack = wave.inFlight === 0;
    this.#proceed(unit);
    return isBack;
  }

  /** Whether a unit waits to be closed. */
  get hasOver(): boolean {
    return this.#over.length > 0;
  }

  /** Units that are over since it was asked last, each to be closed. */
  takeOver(): readonly Unit<Message, Prompt>[] {
    const over = this.#over;
    if (over.length > 0) this.#over = [];
    return over;
  }

  /** @param replies those of the whole arm as they read beside each other, if they were reread */
  close(unit: Unit<Message, Prompt>, replies?: readonly Reply<Message>[]): RoundRecord {
    const { state, round, places, priority } = unit;
    if (replies) reread(state, replies, this.#method);
    if (this.#terms.rereads === true) this.#countRereading(state, -1);
    forgetLosers(state, places, this.#method, this.#terms);
    const record = { round, pulls: places.length, priority, uncertainty: state.arm.uncertainty };
    if (record.pulls > 0) state.rounds.push(record);
    this.#touch(state);
    return record;
  }

  solutions(): Solution<Message>[] {
    return conclude(this.#states, this.#method, this.#account, this.#terms);
  }

  #start(state: ArmState<Message>, pulls: number, priority: number | null): void {
    const random = nextStream(state, this.#method);
    const unit = startUnit<Message, Prompt>(state, { round: this.#rounds, pulls, priority, random });
    this.#owed.start(unit, state.units - 1);
    this.#units += 1;
    this.#unsent += pulls;
    this.#granted += pulls;
    this.#await(unit);
    this.#touch(state);
  }

  /** Opens the next unit, or several small ones; false if nobody can have one now. */
  #grant(): boolean {
    if (this.#account.affordable() - this.#unsent < 1 || this.#units >= this.#mostUnits) return false;
    // Each call waits for tokens and dollars by itself: a unit cut to what fits beside all worst
    // cases in flight would be too small for conditioned samples.
    const pulls = wholeCalls(this.#account.samplesLeft(), this.#terms.samplesPerCall) - this.#unsent;
    if (this.#booked >= this.#nextLook) {
      this.#nextLook = this.#booked + this.#states.length;
      this.#meanOutputTokens = this.#tokens.value;
    }
    const owed = this.#owed.next();
    if (owed) {
      // What failed calls of those under way give back may be a part of it.
      if (owed.pulls > pulls && this.#inFlight > 0) return false;
      this.#rounds += 1;
      this.#start(owed.state, owed.pulls, null);
      return true;
    }
    if (this.#owed.isUnderWay) return false;
    const winners = this.#contenders.next({
      usedSamples: this.#granted,
      unitSamples: this.#method.unitSamples,
      pulls,
      slots: this.#terms.slots,
      samplesPerCall: this.#terms.samplesPerCall,
      meanOutputTokens: this.#meanOutputTokens,
      random: this.#random,
    });
    for (const { state, pulls: granted, priority } of winners) {
      this.#rounds += 1;
      this.#start(state, granted, priority);
    }
    this.#fault ??= this.#contenders.fault;
    return winners.length > 0;
  }

  #send(unit: Unit<Message, Prompt>, wave: Wave<Message, Prompt>): UnitCall<Message, Prompt> {
    const place = wave.waiting.shift() as number;
    wave.inFlight += 1;
    this.#inFlight += 1;
    this.#count(unit, this.#terms.samplesPerCall);
    if (wave.waiting.length > 0) this.#await(unit);
    const request = wave.requests[place] as (typeof wave.requests)[number];
    return { arm: unit.state.arm, request, round: unit.round, unit, wave, place };
  }

  /** A unit of which a call has come back, or will not be sent. */
  #proceed(unit: Unit<Message, Prompt>): void {
    const { wave, state } = unit;
    if (!canBePulled(state, this.#terms)) this.#stop(unit);
    if (wave && wave.inFlight === 0 && (unit.isCut || wave.waiting.length === 0)) this.#bookWave(unit);
    if (unit.isCut) return this.#endIfBack(unit);
    if (unit.wave === undefined && pullsLeft(unit) === 0) return this.#cut(unit);
    if (unit.wave === undefined || unit.wave.waiting.length > 0) this.#await(unit);
  }

  #bookWave(unit: Unit<Message, Prompt>): void {
    const { arm } = unit.state;
    const before = arm.samples.length + arm.inFlight;
    bookWave(unit, this.#method);
    this.#granted += arm.samples.length + arm.inFlight - before;
    this.#touch(unit.state);
  }

  /** Ends a unit as soon as nothing of it is in flight. */
  #cut(unit: Unit<Message, Prompt>): void {
    this.#stop(unit);
    if (unit.wave?.inFlight === 0) this.#bookWave(unit);
    this.#endIfBack(unit);
  }

  /** Nothing more of the unit is sent. */
  #stop(unit: Unit<Message, Prompt>): void {
    this.#unsent -= unsent(unit);
    unit.isCut = true;
  }

  #endIfBack(unit: Unit<Message, Prompt>): void {
    if (unit.wave !== undefined || unit.isOver) return;
    unit.isOver = true;
    const { state } = unit;
    const left = pullsLeft(unit);
    this.#owed.end(unit);
    state.arm.inFlight -= left;
    this.#granted -= left;
    this.#units -= 1;
    if (unit.opening) {
      this.#over.push(unit);
      if (this.#terms.rereads === true) this.#countRereading(state, 1);
    }
    this.#touch(state);
  }

  #countRereading(state: ArmState<Message>, change: 1 | -1): void {
    const units = (this.#rereading.get(state) ?? 0) + change;
    if (units > 0) this.#rereading.set(state, units);
    else this.#rereading.delete(state);
  }

  #await(unit: Unit<Message, Prompt>): void {
    if (unit.isReady) return;
    unit.isReady = true;
    const { unitSamples } = this.#method;
    const block = unit.round === 0 ? Math.floor(unit.state.arm.index / this.#block) : 0;
    this.#ready.add(block * (unitSamples + this.#terms.samplesPerCall) + unit.sent, unit);
  }

  #unready(): void {
    const unit = this.#ready.take();
    if (unit) unit.isReady = false;
  }

  #count(unit: Unit<Message, Prompt>, samples: number): void {
    this.#unsent -= unsent(unit);
    unit.sent += samples;
    this.#unsent += unsent(unit);
  }

  #touch(state: ArmState<Message>): void {
    this.#contenders.touch(state);
    this.#fault ??= state.fault;
  }
}
