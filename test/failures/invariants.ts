import { expect } from "vitest";
import type { InputRecord } from "../../src/index.js";
import type { FaultyServer } from "../support/faulty_server.js";
import { serialOf } from "./serials.js";

/** What must hold for the records of a batch, whatever went wrong. */
export function checkRecords(inputs: readonly string[], records: readonly InputRecord[]): void {
  expect(records).toHaveLength(inputs.length);
  const seen = new Set<number>();
  for (const [place, record] of records.entries()) {
    const counts = new Map<string, number>();
    for (const { text, answer, error } of record.responses) {
      const serial = serialOf(text);
      if (serial !== null) {
        // No sample stands twice, in whatever record.
        expect(seen.has(serial)).toBe(false);
        seen.add(serial);
      }
      if (answer === null || error !== undefined) continue;
      expect(answer.startsWith(`${inputs[place]}/`)).toBe(true);
      expect(text).toContain(answer);
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    expect(new Map(record.votes.map(({ answer, count }) => [answer, count]))).toEqual(counts);
    const most = Math.max(0, ...counts.values());
    expect(record.answer === null ? 0 : counts.get(record.answer)).toBe(most);
    // One readable answer is a result; an input without any response says why.
    if (counts.size > 0) expect(record.message?.text).toContain(record.answer);
    if (record.message === null) expect(record.error).toBeInstanceOf(Error);
    expect(record.failures.reduce((sum, { count }) => sum + count, 0)).toBe(record.failedSamples);
  }
}

/** A stream that broke off is known for what it is, does not vote, and no chain quotes it. */
export function checkBrokenOff(server: FaultyServer, records: readonly InputRecord[]): void {
  for (const { responses } of records) {
    const quoted = new Set(responses.flatMap(({ parents }) => parents));
    for (const { index, text, truncated, answer } of responses) {
      if (!server.brokenOff.has(serialOf(text) ?? -1)) continue;
      expect({ truncated, answer, isQuoted: quoted.has(index) }).toEqual({
        truncated: true,
        answer: null,
        isQuoted: false,
      });
    }
  }
}

/** Answers that arrived whole and stand in no record; one that came just after its time limit is not missed. */
export function lostSamples(server: FaultyServer, records: readonly InputRecord[]): number {
  const kept = new Set(records.flatMap(({ responses }) => responses.map(({ text }) => serialOf(text))));
  const withoutText = records.flatMap(({ responses }) =>
    responses.filter(
      ({ text, message, error }) =>
        (text === "" && message !== undefined) || error?.message.includes("did not answer within"),
    ),
  );
  return [...server.delivered].filter((serial) => !kept.has(serial)).length - withoutText.length;
}
