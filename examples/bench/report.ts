/** One measured figure, and what it should be. */
export interface Figure {
  name: string;
  /** Left out where a figure is only told. */
  target?: { atMost: number } | { atLeast: number };
  /** One for each repetition; the median counts. */
  values: readonly number[];
  unit?: string;
}

/** Prints a figure, and hands it to `bench.ts` where that has started this program. */
export function report(figure: Figure): void {
  console.log(lineOf(figure).join("  "));
  process.send?.(figure);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** Name, target, median, spread and whether the median meets the target. */
export function lineOf({ name, target, values, unit = "" }: Figure): string[] {
  const middle = median(values);
  const spread = values.length > 1 ? `${show(Math.min(...values))} to ${show(Math.max(...values))}` : "";
  if (target === undefined) return [name, "", `${show(middle)}${unit}`, spread, ""];
  const [limit, isMet, word] =
    "atMost" in target
      ? [target.atMost, middle <= target.atMost, "at most"]
      : [target.atLeast, middle >= target.atLeast, "at least"];
  return [name, `${word} ${show(limit)}${unit}`, `${show(middle)}${unit}`, spread, isMet ? "met" : "MISSED"];
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
