import { canBePulled } from "./arm_state.js";
import type { ArmState, Terms } from "./arm_state.js";

/**
 * Units that an earlier run paid for. What that run decided followed the order in which
 * its calls came back, which is another now; so they are granted before anything new, as
 * large as they were, and nothing new is granted until all of them are over.
 */
export class Owed<Message> {
  readonly #states: readonly ArmState<Message>[];
  readonly #terms: Terms<Message>;
  /** Those under way. */
  readonly #open = new Set<object>();
  /** No arm before it has any left. */
  #first = 0;

  constructor(states: readonly ArmState<Message>[], terms: Terms<Message>) {
    this.#states = states;
    this.#terms = terms;
  }

  /** The next one that is not under way yet. */
  next(): { state: ArmState<Message>; pulls: number } | undefined {
    const { owed } = this.#terms;
    if (owed === undefined) return undefined;
    for (; this.#first < this.#states.length; this.#first++) {
      const state = this.#states[this.#first] as ArmState<Message>;
      if (!canBePulled(state, this.#terms)) continue;
      const pulls = owed(state.arm, state.units);
      if (pulls > 0) return { state, pulls };
    }
    return undefined;
  }

  /** @param place which unit of its arm it is, from 0 */
  start(unit: { state: ArmState<Message> }, place: number): void {
    if ((this.#terms.owed?.(unit.state.arm, place) ?? 0) > 0) this.#open.add(unit);
  }

  end(unit: object): void {
    this.#open.delete(unit);
  }

  get isUnderWay(): boolean {
    return this.#open.size > 0;
  }
}
