/** Where an arm is in no heap. */
const NOWHERE = -1;

/** The ranks of the arms of a batch, and where each stands. An arm is in one heap at most. */
export class Ranks {
  readonly rank: Float64Array;
  readonly place: Int32Array;
  /** Comparisons so far. */
  comparisons = 0;

  constructor(arms: number) {
    this.rank = new Float64Array(arms);
    this.place = new Int32Array(arms).fill(NOWHERE);
  }

  /** Whether the arm is in a heap. */
  isIn(arm: number): boolean {
    return this.place[arm] !== NOWHERE;
  }

  /** Whether arm `a` comes before arm `b`: the larger rank, on ties the earlier input. */
  isBefore(a: number, b: number): boolean {
    this.comparisons += 1;
    const difference = (this.rank[a] as number) - (this.rank[b] as number);
    return difference === 0 ? a < b : difference > 0;
  }
}

/** A binary heap of arms, which can also be taken out of its middle. */
export class Heap {
  readonly #arms: number[] = [];
  readonly #ranks: Ranks;

  constructor(ranks: Ranks) {
    this.#ranks = ranks;
  }

  get size(): number {
    return this.#arms.length;
  }

  /** The first arm; `undefined` if there is none. */
  get top(): number | undefined {
    return this.#arms[0];
  }

  /** @param arm one that is in no heap, with its rank set */
  add(arm: number): void {
    this.#arms.push(arm);
    this.#rise(arm, this.#arms.length - 1);
  }

  /** @param arm one that is in this heap, with the rank with which it was added */
  remove(arm: number): void {
    const place = this.#ranks.place[arm] as number;
    this.#ranks.place[arm] = NOWHERE;
    const last = this.#arms.pop() as number;
    if (last === arm) return;
    // It may belong further up than the gap, or further down.
    this.#sink(last, this.#rise(last, place));
  }

  #rise(arm: number, from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#arms[above] as number;
      if (!this.#ranks.isBefore(arm, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(arm, place);
    return place;
  }

  #sink(arm: number, from: number): void {
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#arms.length) break;
      const right = below + 1;
      if (
        right < this.#arms.length &&
        this.#ranks.isBefore(this.#arms[right] as number, this.#arms[below] as number)
      )
        below = right;
      const child = this.#arms[below] as number;
      if (!this.#ranks.isBefore(child, arm)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(arm, place);
  }

  #put(arm: number, place: number): void {
    this.#arms[place] = arm;
    this.#ranks.place[arm] = place;
  }
}
