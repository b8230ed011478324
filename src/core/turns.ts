/**
 * Everyone's first call comes before anyone's second, so that an abort, or tokens that
 * run out, find all with the same. Where only samples are limited they surely reach, so
 * large batches go block by block: responses that are still to be quoted are kept in full.
 */
export const QUESTIONS_IN_TURN = 1024;

/** Items that wait, each in one turn: everyone's first comes before anyone's second. Within a turn they keep their order. */
export class Turns<Item> {
  readonly #turns: Item[][] = [];
  /** Place of the first item that is left of each turn. */
  readonly #heads: number[] = [];
  /** No earlier turn has any. */
  #first = 0;

  add(turn: number, item: Item): void {
    (this.#turns[turn] ??= []).push(item);
    this.#heads[turn] ??= 0;
    this.#first = Math.min(this.#first, turn);
  }

  /** The first item of the earliest turn; `undefined` if none waits. */
  get next(): Item | undefined {
    while (this.#first < this.#turns.length && !this.#has(this.#first)) this.#first += 1;
    return this.#turns[this.#first]?.[this.#heads[this.#first] as number];
  }

  /** Takes out what `next` says. */
  take(): Item | undefined {
    const item = this.next;
    if (item === undefined) return undefined;
    const turn = this.#first;
    this.#heads[turn] = (this.#heads[turn] as number) + 1;
    // Nothing is left, so nothing is kept.
    if (!this.#has(turn)) [this.#turns[turn], this.#heads[turn]] = [[], 0];
    return item;
  }

  #has(turn: number): boolean {
    return (this.#heads[turn] ?? 0) < (this.#turns[turn]?.length ?? 0);
  }
}
