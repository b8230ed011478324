import { guarded, isSettled } from "./arm_state.js";
import type { ArmState, Method } from "./arm_state.js";
import { requireAllocation, requireRanks } from "./contracts.js";
import { Heap, Ranks } from "./heap.js";
import { joined } from "./joined.js";
import type { AllocationContext, Allocator, Ranking } from "./types.js";

/** Who gets a unit, and how many pulls. */
export interface Winner<Message> {
  state: ArmState<Message>;
  pulls: number;
  priority: number | null;
}

/** What the contenders do not know themselves. */
export type Context = Omit<AllocationContext, "arms">;

/** The arms of a batch, ready to say at any time which of them is next. */
export interface Contenders<Message> {
  /** To be called whenever something about the arm has changed. */
  touch(state: ArmState<Message>): void;
  /** The next units: one as a rule; several if an allocator splits one. None if nobody can be pulled. */
  next(context: Context): Winner<Message>[];
  /** The first thing that the allocator threw. */
  readonly fault: Error | undefined;
}

/** @param mayContend whether an arm may be offered at all */
export function openContenders<Message>(
  states: readonly ArmState<Message>[],
  method: Method,
  mayContend: (state: ArmState<Message>) => boolean,
): Contenders<Message> {
  const { allocator } = method;
  const willing = (state: ArmState<Message>): boolean => mayContend(state) && !isSettled(state, method);
  return allocator.ranking === undefined
    ? new Unranked(states, method, willing)
    : new Ranked(states, method, allocator.ranking, willing);
}

/** Asks the allocator for one unit, whoever gets it: it looks at all arms. */
class Unranked<Message> implements Contenders<Message> {
  readonly #states: readonly ArmState<Message>[];
  readonly #allocator: Allocator;
  readonly #willing: (state: ArmState<Message>) => boolean;
  fault: Error | undefined;

  constructor(
    states: readonly ArmState<Message>[],
    { allocator }: Method,
    willing: (state: ArmState<Message>) => boolean,
  ) {
    this.#states = states;
    this.#allocator = allocator;
    this.#willing = willing;
  }

  touch(): void {}

  next(context: Context): Winner<Message>[] {
    const willing = this.#states.filter(this.#willing);
    if (willing.length === 0) return [];
    const winners = guarded(willing, () => this.#split(willing, context), []);
    this.fault ??= willing[0]?.fault;
    return winners;
  }

  #split(willing: readonly ArmState<Message>[], context: Context): Winner<Message>[] {
    const arms = willing.map(({ arm }) => arm);
    const pullsOfOne = Math.min(context.pulls, context.unitSamples);
    const one = joined(context, { pulls: pullsOfOne, arms: arms.length });
    const pulls = this.#allocator.allocate(arms, one);
    requireAllocation(this.#allocator.name, pulls, arms.length, one);
    const winners = willing
      .map((state, place) => ({ state, pulls: pulls[place] as number }))
      .filter((winner) => winner.pulls > 0)
      .map((winner) => ({
        ...winner,
        priority: this.#allocator.priority?.(winner.state.arm, one) ?? null,
      }));
    requireRanks(
      this.#allocator.name,
      winners.map(({ priority }) => priority),
    );
    return winners;
  }
}

/** One heap for every level; each arm that may contend is in one of them. */
class Ranked<Message> implements Contenders<Message> {
  readonly #states: readonly ArmState<Message>[];
  readonly #method: Method;
  readonly #ranking: Ranking;
  readonly #willing: (state: ArmState<Message>) => boolean;
  readonly #ranks: Ranks;
  readonly #levels = new Map<number, Heap>();
  /** The level of every arm that is in a heap. */
  readonly #levelOf: Float64Array;
  #mean: number | null = null;
  /** Arms in the heaps. */
  #contending = 0;
  fault: Error | undefined;

  constructor(
    states: readonly ArmState<Message>[],
    method: Method,
    ranking: Ranking,
    willing: (state: ArmState<Message>) => boolean,
  ) {
    this.#states = states;
    this.#method = method;
    this.#ranking = ranking;
    this.#willing = willing;
    this.#ranks = new Ranks(states.length);
    this.#levelOf = new Float64Array(states.length);
  }

  touch(state: ArmState<Message>): void {
    const { arm } = state;
    this.#remove(arm.index);
    if (!this.#willing(state)) return;
    guarded(
      [state],
      () => {
        const level = this.#ranking.level(arm);
        const rank = this.#ranking.rank(arm, this.#mean);
        requireRanks(this.#method.allocator.name, [level, rank]);
        this.#ranks.rank[arm.index] = rank;
        this.#levelOf[arm.index] = level;
        const heap = this.#levels.get(level) ?? new Heap(this.#ranks);
        this.#levels.set(level, heap);
        heap.add(arm.index);
        this.#contending += 1;
      },
      undefined,
    );
  }

  next(context: Context): Winner<Message>[] {
    if (context.meanOutputTokens !== this.#mean) {
      this.#mean = context.meanOutputTokens;
      for (const state of this.#states) if (this.#ranks.isIn(state.arm.index)) this.touch(state);
    }
    const full: AllocationContext = joined(context, { arms: this.#contending });
    let best: { state: ArmState<Message>; worth: number } | undefined;
    for (const heap of this.#levels.values()) {
      const state = this.#topOf(heap);
      if (state === undefined) continue;
      const worth = this.#worthOf(state, full);
      if (worth === undefined) return this.next(context);
      const isBetter =
        best === undefined ||
        worth > best.worth ||
        (worth === best.worth && state.arm.index < best.state.arm.index);
      if (isBetter) best = { state, worth };
    }
    if (best === undefined) return [];
    const { state, worth } = best;
    const priority = this.#method.allocator.priority === undefined ? null : worth;
    const most = Math.min(context.pulls, context.unitSamples);
    const pulls = guarded([state], () => this.#pullsOf(state, full, most), 0);
    if (pulls === 0) return this.next(context);
    return [{ state, pulls, priority }];
  }

  /** What compares the arm with those of other levels; `undefined` if the allocator broke, which takes it out. */
  #worthOf(state: ArmState<Message>, context: AllocationContext): number | undefined {
    const { name, priority } = this.#method.allocator;
    if (priority === undefined) return this.#ranks.rank[state.arm.index] as number;
    const worth = guarded(
      [state],
      () => {
        const known = priority(state.arm, context);
        requireRanks(name, [known]);
        return known;
      },
      undefined,
    );
    if (worth === undefined) this.touch(state);
    this.fault ??= state.fault;
    return worth;
  }

  #pullsOf({ arm }: ArmState<Message>, context: AllocationContext, most: number): number {
    const pulls = this.#ranking.pulls?.(arm, context) ?? most;
    if (Number.isInteger(pulls) && pulls >= 1 && pulls <= most) return pulls;
    throw new Error(
      `Allocator "${this.#method.allocator.name}" gives an arm ${pulls} pulls; it must give from 1 to ${most}.`,
    );
  }

  /** The first arm that may still be pulled: time limits, aborts and prices change without a word. */
  #topOf(heap: Heap): ArmState<Message> | undefined {
    for (let top = heap.top; top !== undefined; top = heap.top) {
      const state = this.#states[top] as ArmState<Message>;
      if (this.#willing(state)) return state;
      this.#remove(top);
    }
    return undefined;
  }

  #remove(index: number): void {
    if (!this.#ranks.isIn(index)) return;
    const level = this.#levelOf[index] as number;
    const heap = this.#levels.get(level) as Heap;
    heap.remove(index);
    this.#contending -= 1;
    if (heap.size === 0) this.#levels.delete(level);
  }
}
