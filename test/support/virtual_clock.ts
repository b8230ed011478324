/** A clock that jumps to whatever happens next, once nothing is left to do before it. */
export class VirtualClock {
  /** Time since it was made, in whatever unit its sleepers sleep. */
  now = 0;
  readonly #sleepers: { at: number; order: number; wake: () => void }[] = [];
  #order = 0;

  /** Sleepers that wake at the same time wake in the order in which they fell asleep. */
  sleep(duration: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.now + duration, order: this.#order++, wake });
      this.#rise(this.#sleepers.length - 1);
    });
  }

  /** Runs a task to its end. */
  async run<Result>(task: Promise<Result>): Promise<Result> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    task.then(end, end);
    for (;;) {
      // Whatever has been promised settles before.
      await new Promise((settle) => setImmediate(settle));
      if (isOver) return task;
      const next = this.#take();
      if (next === undefined) continue;
      this.now = next.at;
      next.wake();
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#sleepers[a]!, this.#sleepers[b]!];
    return first.at - second.at < 0 || (first.at === second.at && first.order < second.order);
  }

  #swap(a: number, b: number): void {
    [this.#sleepers[a], this.#sleepers[b]] = [this.#sleepers[b]!, this.#sleepers[a]!];
  }

  #rise(from: number): void {
    for (let place = from; place > 0; place = (place - 1) >> 1) {
      if (!this.#isBefore(place, (place - 1) >> 1)) return;
      this.#swap(place, (place - 1) >> 1);
    }
  }

  #take(): { at: number; wake: () => void } | undefined {
    const [first] = this.#sleepers;
    const last = this.#sleepers.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#sleepers[0] = last;
    for (let place = 0; ;) {
      let child = 2 * place + 1;
      if (child >= this.#sleepers.length) return first;
      if (child + 1 < this.#sleepers.length && this.#isBefore(child + 1, child)) child += 1;
      if (!this.#isBefore(child, place)) return first;
      this.#swap(place, child);
      place = child;
    }
  }
}
