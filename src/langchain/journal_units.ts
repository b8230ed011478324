import type { JournalEntry } from "./journal_entry.js";

/** What the size of a unit follows from where the journal does not tell it. */
export interface Sizes {
  unitSamples: number;
  samplesPerCall: number;
}

/** Samples of each unit of one question, the first being 0; 0 behind the last that was recorded. */
export function unitsOf(
  entries: readonly JournalEntry[],
  { unitSamples, samplesPerCall }: Sizes,
): (unit: number) => number {
  const told = new Map(entries.flatMap(({ unit }) => (unit ? [[unit.place, unit.pulls] as const] : [])));
  // An earlier version wrote them, or a part of them.
  const count =
    told.size > 0
      ? 1 + [...told.keys()].reduce((last, place) => Math.max(last, place), 0)
      : Math.ceil((entries.length * samplesPerCall) / unitSamples);
  return (unit) => (unit < count ? (told.get(unit) ?? unitSamples) : 0);
}

/**
 * Where the first entry stands that a request was recorded with.
 *
 * @param unit which one it belongs to, if that matters
 */
export function placeOf(
  recorded: Map<number, JournalEntry>,
  request: string,
  unit?: number,
): number | undefined {
  for (const [place, entry] of recorded) if (entry.request === request && isOf(entry, unit)) return place;
  return undefined;
}

/** Whether it may be a call of this unit: not everyone tells. */
export function isOf({ unit }: JournalEntry, place: number | undefined): boolean {
  return unit === undefined || place === undefined || unit.place === place;
}
