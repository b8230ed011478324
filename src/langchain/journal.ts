import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { BaseStore } from "@langchain/core/stores";
import { OptionError } from "../core/errors.js";
import type { Method } from "../core/rounds.js";
import type { SampleRequest } from "../core/types.js";
import { race } from "./calls.js";
import { JudgedFailure, PastFailure, classify, endsBatch } from "./failures.js";
import type { Failure } from "./failures.js";
import { decodeEntry, encodeEntry, isGivenUp, restoreResponse, storeResponse } from "./journal_entry.js";
import type { JournalEntry, JournalUnit } from "./journal_entry.js";
import { isOf, placeOf, unitsOf } from "./journal_units.js";
import type { Sizes } from "./journal_units.js";
import { callKey, hash, messagesHash, methodHash, modelHash } from "./journal_keys.js";
import type { ArmKey } from "./journal_keys.js";
import type { ChatLike } from "./model.js";
import type { Trip } from "./patience.js";

/**
 * Where a journal is kept: LangChain's stores of bytes, such as `InMemoryStore`, and
 * `FileJournal`. A value that `mset` has settled must be there after a crash.
 */
export type JournalStore = Pick<BaseStore<string, Uint8Array>, "mget" | "mset">;

/** @throws {OptionError} unless `journal` can be read and written */
export function requireJournal(journal: JournalStore): void {
  if (typeof journal?.mget === "function" && typeof journal.mset === "function") return;
  throw new OptionError(
    "journal",
    journal,
    "Give a store with mget and mset, such as await FileJournal.open(path) or new InMemoryStore().",
  );
}

/** A part of a journal that is shared with nothing else: methods that are compared must not share samples. */
export function partOf(journal: JournalStore, name: string): JournalStore {
  const own = (key: string): string => `${hash(name)}-${key}`;
  return {
    mget: (keys) => journal.mget(keys.map(own)),
    mset: (pairs) => journal.mset(pairs.map(([key, value]) => [own(key), value])),
  };
}

/** The responses to one call of the model. */
export interface Answered {
  said: AIMessage[];
  /** Whether an earlier run paid for them. */
  replayed: boolean;
}

/** Asks the model once, or a journal instead of it. */
export type Ask = (
  arm: number,
  round: number,
  request: SampleRequest,
  signal: AbortSignal,
  trip: Trip,
  render: () => BaseMessage[] | Promise<BaseMessage[]>,
  pay: Pay,
) => Promise<Answered>;

/** Calls the model; `keep`, if there is a journal, must have settled before the next call takes its place. */
export type Pay = (
  turns: BaseMessage[],
  keep: ((said: AIMessage[]) => Promise<void>) | undefined,
) => Promise<AIMessage[]>;

/** What the journal of a batch needs to know of it. */
export interface JournalSettings {
  model: ChatLike;
  method: Pick<Method, "sampler" | "seed" | "unitSamples">;
  /** Responses that one call brings. */
  samplesPerCall: number;
  /** Which one of a retry it is, from 0: a later one asks anew. */
  attempt: number;
  /** Stops the batch, once nothing more can be kept. */
  stop: AbortController;
}

/** The journal of one batch. */
export interface BatchJournal {
  ask: Ask;
  /** Reads what earlier runs paid for. */
  load: () => Promise<void>;
  /** To be called before the first call of a unit; `round` names it. */
  openUnit: (arm: number, unit: { round: number; pulls: number }) => void;
  /** Samples of a unit of a question if earlier runs paid for it or a later one, once it is read; else 0. */
  owed: (arm: number, unit: number) => number;
  /** Why nothing more can be kept, once that is so. */
  failure: () => Error | undefined;
  close: () => void;
}

/** The questions that some batch of this process works on, by store: two never share samples. */
const working = new WeakMap<JournalStore, Set<string>>();

/**
 * The journal of one batch. Each call of the model is looked up by what it asks: the
 * question, the model, the method and the turns; among equal calls, by their order.
 * So a batch that is started again gets the same responses at the same places, makes
 * the same decisions, and pays for what is not there. Of a failed call only that it failed
 * is kept: it fails again, unsent, for what followed was decided after it; its sample went
 * back to the pool. A question that was given up for its failures is asked again.
 */
export function openJournal(
  store: JournalStore,
  questions: readonly (readonly BaseMessage[])[],
  { model, method, samplesPerCall, attempt, stop }: JournalSettings,
): BatchJournal {
  const taken = working.get(store) ?? new Set();
  working.set(store, taken);
  const shared = { model: modelHash(model), method: methodHash(method, attempt) };
  const writes: Writes = { stop, failure: undefined, isOver: false };
  const keys = questions.map((messages) => {
    const key = { ...shared, question: messagesHash(messages), occurrence: 0 };
    while (taken.has(callKey(key, 0))) key.occurrence += 1;
    taken.add(callKey(key, 0));
    return key;
  });
  const arms = keys.map((key) => new ArmJournal(store, key, { ...method, samplesPerCall }, writes));
  return {
    ask: (arm, ...rest) => (arms[arm] as ArmJournal).ask(...rest),
    load: async () => void (await Promise.all(arms.map((arm) => arm.load()))),
    openUnit: (arm, unit) => (arms[arm] as ArmJournal).openUnit(unit),
    owed: (arm, unit) => (arms[arm] as ArmJournal).owed(unit),
    failure: () => writes.failure,
    close: () => {
      writes.isOver = true;
      for (const key of keys) taken.delete(callKey(key, 0));
    },
  };
}

/** Fewest places that are looked at together. */
const WINDOW = 64;

/** It ends the batch: what would be paid for next could not be kept. */
const UNWRITABLE: Failure = {
  kind: "other",
  treatment: "fatal",
  isSlowDown: false,
  isUnbilled: true,
  retryAfterMs: undefined,
};

/** Whether what was paid for can still be kept. */
interface Writes {
  stop: AbortController;
  failure: JudgedFailure | undefined;
  /** Whether the batch is over: another one may have asked again what still arrives. */
  isOver: boolean;
}

/** The calls of one question; their places are the order in which they were asked. */
class ArmJournal {
  /** Samples of each unit that earlier runs paid for, once it is read. */
  owed: (unit: number) => number = () => 0;
  readonly #store: JournalStore;
  readonly #key: ArmKey;
  readonly #window: number;
  readonly #sizes: Sizes;
  /** Its units so far, by round. */
  readonly #units = new Map<number, JournalUnit>();
  /** Shared by the arms: once nothing can be kept, nothing more is paid for. */
  readonly #writes: Writes;
  /** Calls that were recorded and not yet replayed, by place, in ascending order. Read with the first call. */
  #recorded: Promise<Map<number, JournalEntry>> | undefined;
  /** Places that are done with: replayed, asked, or of a call that failed. */
  readonly #used: Set<number> = new Set();
  /** First place that is not done with. */
  #next = 0;
  /** First place behind all others. */
  #end = 0;
  /** Calls are looked up in the order asked, however long their turns take to render. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(store: JournalStore, key: ArmKey, sizes: Sizes, writes: Writes) {
    this.#store = store;
    this.#key = key;
    // Calls of one wave that were lost together must not hide those behind them.
    this.#window = Math.max(WINDOW, sizes.unitSamples);
    this.#sizes = sizes;
    this.#writes = writes;
  }

  async load(): Promise<void> {
    this.owed = unitsOf([...(await this.#records()).values()], this.#sizes);
  }

  openUnit({ round, pulls }: { round: number; pulls: number }): void {
    this.#units.set(round, { place: this.#units.size, pulls });
  }

  async ask(
    round: number,
    { stage, purpose = "answer" }: SampleRequest,
    signal: AbortSignal,
    trip: Trip,
    render: Parameters<Ask>[5],
    pay: Pay,
  ): Promise<Answered> {
    const unit = this.#units.get(round);
    const turn = this.#queue.then(async () => {
      const recorded = await this.#records();
      const turns = await render();
      const request = messagesHash(turns, stage, purpose);
      return { turns, request, ...this.#find(recorded, request, unit?.place) };
    });
    this.#queue = turn.catch(() => {});
    // The store may hang.
    const { turns, request, entry, place } = await race(signal, () => turn);
    if (entry?.failure) {
      trip.isSent = !entry.failure.isUnbilled;
      throw new PastFailure(entry.failure.kind);
    }
    if (entry) return { said: entry.responses.map(restoreResponse), replayed: true };
    if (this.#writes.failure) throw this.#writes.failure;
    const asked = { v: 1 as const, request, stage, purpose, ...(unit && { unit }) };
    let isKept = false;
    const keep = (said: AIMessage[]): Promise<void> => {
      isKept = true;
      return this.#keep(place, { ...asked, responses: said.map(storeResponse) });
    };
    try {
      return { said: await pay(turns, keep), replayed: false };
    } catch (error) {
      const judged = classify(error);
      // What was cut off, or ended the batch, is asked again at its place.
      if (!isKept && !signal.aborted && !endsBatch(judged)) {
        const failure = { kind: judged.kind, isUnbilled: !trip.isSent };
        const kept = this.#keep(place, { ...asked, responses: [], failure });
        await race(signal, () => kept).catch(() => undefined);
      }
      throw error;
    }
  }

  #records(): Promise<Map<number, JournalEntry>> {
    return (this.#recorded ??= this.#load());
  }

  /** Where a request was recorded; or, without an entry, the place of a call to be paid for. */
  #find(
    recorded: Map<number, JournalEntry>,
    request: string,
    unit: number | undefined,
  ): { place: number; entry: JournalEntry | undefined } {
    while (this.#used.has(this.#next)) this.#next += 1;
    const here = recorded.get(this.#next);
    // What stands here may be what another unit, another method, or another prompt asked.
    const isDue = here === undefined || (here.request === request && isOf(here, unit));
    const place = isDue
      ? this.#next
      : (placeOf(recorded, request, unit) ?? placeOf(recorded, request) ?? this.#end);
    const entry = recorded.get(place);
    recorded.delete(place);
    this.#used.add(place);
    this.#end = Math.max(this.#end, place + 1);
    return { place, entry };
  }

  /** Whatever made the last calls fail may be over; nothing was decided after them. */
  #forgetFailures(recorded: Map<number, JournalEntry>): void {
    for (const [place, { failure }] of [...recorded].toReversed()) {
      if (!failure) return;
      recorded.delete(place);
      this.#used.add(place);
    }
  }

  /** What was paid for counts even if it cannot be kept. */
  async #keep(place: number, entry: JournalEntry): Promise<void> {
    const key = callKey(this.#key, place);
    try {
      if (this.#writes.isOver && (await this.#store.mget([key]))[0]) return;
      await this.#store.mset([[key, encodeEntry(entry)]]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The journal cannot be written, so no further call is made: ${reason}`;
      this.#writes.failure ??= new JudgedFailure(message, UNWRITABLE, error);
      this.#writes.stop.abort(this.#writes.failure);
    }
  }

  async #load(): Promise<Map<number, JournalEntry>> {
    const recorded = new Map<number, JournalEntry>();
    for (let from = 0; from <= this.#end; from += this.#window) {
      const keys = Array.from({ length: this.#window }, (_, offset) => callKey(this.#key, from + offset));
      const values = await this.#store.mget(keys);
      for (const [offset, key] of keys.entries()) {
        const value = values[offset];
        // Some stores say null.
        if (value === undefined || value === null) continue;
        const entry = decodeEntry(key, value);
        this.#end = from + offset + 1;
        recorded.set(from + offset, entry);
      }
    }
    if (isGivenUp([...recorded.values()])) this.#forgetFailures(recorded);
    return recorded;
  }
}
