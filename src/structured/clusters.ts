import { jsonKey, mostSpelled } from "./json_key.js";
import { exact } from "./rules.js";
import type { RulesAt } from "./rules.js";

/** What one response holds in one place; `undefined` if it holds nothing there. */
export interface Entry {
  /** Place of the response among those that vote. */
  voter: number;
  value: unknown;
}

/** Entries that count as the same value. */
export interface Cluster {
  /** Canonical JSON of the value that stands for them. */
  answer: string;
  value: unknown;
  entries: readonly Entry[];
}

/** How votes name a field that a response leaves out; no JSON looks like it. */
export const MISSING = "missing";

/**
 * Groups single values. Numbers within the tolerance form clusters around a number
 * that a response gave: the one with the most others near it, then the one closest to
 * them in sum, then the smaller one; it stands for the cluster, its members are
 * taken out, and the rest is clustered alike. Of texts that count
 * as the same, the most frequent spelling stands for them. The order of the entries
 * decides nothing but which of equally frequent spellings comes first.
 */
export function clusters(entries: readonly Entry[], rulesAt: RulesAt, path: string): Cluster[] {
  const { tolerance } = rulesAt(path);
  const near = tolerance === exact ? undefined : tolerance;
  const isNumber = ({ value }: Entry): boolean => typeof value === "number" && near !== undefined;
  const alike = groups(
    entries.filter((entry) => !isNumber(entry)),
    ({ value }) => (value === undefined ? MISSING : jsonKey(value, rulesAt, path)),
  );
  const plain = [...alike].map(([answer, group]): Cluster => ({
    answer,
    value: mostSpelled(group, ({ value }) => value).value,
    entries: group,
  }));
  if (near === undefined) return plain;
  return [...plain, ...numberClusters(entries.filter(isNumber), near)];
}

/** Entries by a name, in their order. */
export function groups<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): Map<string, [Item, ...Item[]]> {
  const found = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = found.get(name);
    if (group) group.push(item);
    else found.set(name, [item]);
  }
  return found;
}

interface Heap {
  number: number;
  entries: Entry[];
}

function numberClusters(entries: readonly Entry[], near: (a: number, b: number) => boolean): Cluster[] {
  let heaps = [...groups(entries, ({ value }) => String((value as number) + 0)).values()]
    .map((group): Heap => ({ number: (group[0].value as number) + 0, entries: group }))
    .toSorted((a, b) => a.number - b.number);
  const found: Cluster[] = [];
  while (heaps.length > 0) {
    const centre = mostCentral(heaps, near);
    const members = heaps.filter((heap) => heap === centre || near(centre.number, heap.number));
    found.push({
      answer: String(centre.number),
      value: centre.number,
      entries: members.flatMap((heap) => heap.entries),
    });
    heaps = heaps.filter((heap) => !members.includes(heap));
  }
  return found;
}

/** @param heaps smaller numbers first, at least one */
function mostCentral(heaps: readonly Heap[], near: (a: number, b: number) => boolean): Heap {
  const rated = heaps.map((heap) => {
    const around = heaps.filter((other) => other === heap || near(heap.number, other.number));
    return {
      heap,
      size: around.reduce((sum, other) => sum + other.entries.length, 0),
      spread: around.reduce(
        (sum, other) => sum + Math.abs(other.number - heap.number) * other.entries.length,
        0,
      ),
    };
  });
  const [best] = rated.toSorted((a, b) => b.size - a.size || a.spread - b.spread);
  return (best as { heap: Heap }).heap;
}
