import { MISSING, groups } from "./clusters.js";
import type { Entry } from "./clusters.js";
import { byCodeUnit, elementKey, jsonKey, mostSpelled } from "./json_key.js";
import { agreementOn, elect } from "./poll.js";
import type { Decision, FieldAgreement, Place, Poll } from "./poll.js";

/** Decides an array, given those who hold one; how is up to the rule of its field. */
export function arrayVote(entries: readonly Entry[], place: Place, poll: Poll): Decision {
  return poll.rulesAt(place.field).arrays.kind === "position"
    ? positionVote(entries, place, poll)
    : memberVote(entries, place, poll);
}

/** First the length, then every position by those who have that length. */
function positionVote(entries: readonly Entry[], { path, field }: Place, poll: Poll): Decision {
  const lengths = [...groups(entries, ({ value }) => String((value as unknown[]).length))].map(
    ([answer, own]) => ({ answer, entries: own }),
  );
  const elected = elect(lengths, poll.chosen);
  const decided = Array.from({ length: Number(elected.answer) }, (_, at) =>
    poll.decide(
      elected.entries.map(({ voter, value }) => ({ voter, value: (value as unknown[])[at] ?? null })),
      { path: `${path}[${at}]`, field },
    ),
  );
  return {
    value: decided.map(({ value }) => value),
    fields: [
      agreementOn(`${path}.length`, lengths, elected, poll),
      ...decided.flatMap(({ fields }) => fields),
    ],
  };
}

interface Member {
  key: string;
  entries: [Spot, ...Spot[]];
}

type Spot = Entry & { position: number };

/**
 * An element is in if more than half of the arrays have it, or half of them and among
 * these the voter's that comes first. Elements that a field names are then decided field
 * by field. They stand in the order of their mean position.
 */
function memberVote(entries: readonly Entry[], { path, field }: Place, poll: Poll): Decision {
  const members = membersOf(entries, field, poll);
  const hasChosen = entries.some(({ voter }) => voter === poll.chosen);
  const first = Math.min(...entries.map(({ voter }) => voter));
  const has = (own: readonly Entry[], wanted: number | undefined): boolean =>
    own.some(({ voter }) => voter === wanted);
  const isIn = (own: readonly Entry[]): boolean =>
    own.length * 2 > entries.length || (own.length * 2 === entries.length && has(own, first));
  const chosen = members.filter(({ entries: own }) => (hasChosen ? has(own, poll.chosen) : isIn(own)));
  const isSet = poll.rulesAt(field).arrays.kind === "set";
  const decided = chosen
    .map((member) => {
      const inner = { path: `${path}[${member.key}]`, field };
      return isSet
        ? presence(member, entries, inner, poll)
        : poll.decide(withMissing(member, entries), inner);
    })
    .filter(({ value }) => value !== undefined);
  return {
    value: decided.map(({ value }) => value),
    fields: [
      wholeList(entries, chosen, { path: `${path}[]`, field }, poll),
      ...decided.flatMap(({ fields }) => fields),
    ],
  };
}

/** Those who do not have the element hold nothing in its place. */
function withMissing(member: Member, entries: readonly Entry[]): Entry[] {
  const own = new Map(member.entries.map((entry) => [entry.voter, entry]));
  return entries.map(({ voter }) => own.get(voter) ?? { voter, value: undefined });
}

function presence(member: Member, entries: readonly Entry[], { path }: Place, poll: Poll): Decision {
  const without = withMissing(member, entries).filter(({ value }) => value === undefined);
  const present = { answer: "present", entries: member.entries };
  const absent = without.length > 0 ? [{ answer: MISSING, entries: without }] : [];
  return {
    value: mostSpelled(member.entries, ({ value }) => value).value,
    fields: [agreementOn(path, [present, ...absent], present, poll)],
  };
}

/** The votes for the same elements all together, whatever they hold. */
function wholeList(
  entries: readonly Entry[],
  chosen: readonly Member[],
  { path, field }: Place,
  poll: Poll,
): FieldAgreement {
  const keysOf = (value: unknown[]): string => namesOf(value, field, poll).toSorted(byCodeUnit).join(",");
  const lists = [...groups(entries, ({ value }) => keysOf(value as unknown[]))].map(([keys, own]) => ({
    answer: `[${keys}]`,
    entries: own,
  }));
  const answer = `[${chosen
    .map(({ key }) => key)
    .toSorted(byCodeUnit)
    .join(",")}]`;
  const elected = lists.find((list) => list.answer === answer) ?? { answer, entries: [] };
  return agreementOn(path, lists, elected, poll);
}

/** The names of the elements: in a set each once, else the second of one name is its `#2`. */
function namesOf(value: readonly unknown[], field: string, { rulesAt }: Poll): string[] {
  const rule = rulesAt(field).arrays;
  if (rule.kind === "set") return [...new Set(value.map((each) => jsonKey(each ?? null, rulesAt, field)))];
  const counts = new Map<string, number>();
  return value.map((element) => {
    const key = elementKey(element ?? null, rule, rulesAt, field);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? key : `${key}#${count}`;
  });
}

function membersOf(entries: readonly Entry[], field: string, poll: Poll): Member[] {
  const elements = entries.flatMap(({ voter, value }) => {
    const list = value as unknown[];
    const isSet = poll.rulesAt(field).arrays.kind === "set";
    const given = isSet ? distinct(list, field, poll) : list;
    const names = namesOf(list, field, poll);
    return given.map((element, position) => ({
      key: names[position] as string,
      entry: { voter, value: element ?? null, position },
    }));
  });
  return [...groups(elements, ({ key }) => key)]
    .map(([key, own]): Member => ({ key, entries: own.map(({ entry }) => entry) as [Spot, ...Spot[]] }))
    .toSorted((a, b) => meanPosition(a) - meanPosition(b) || byCodeUnit(a.key, b.key));
}

/** The first element of each kind, as `namesOf` has them. */
function distinct(list: readonly unknown[], field: string, { rulesAt }: Poll): unknown[] {
  return [...groups(list, (each) => jsonKey(each ?? null, rulesAt, field)).values()].map(([first]) => first);
}

function meanPosition({ entries }: Member): number {
  return entries.reduce((sum, { position }) => sum + position, 0) / entries.length;
}
