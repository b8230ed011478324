import type { Fault, FaultyServer } from "../support/faulty_server.js";

const OUTCOMES: Record<Fault, string> = {
  "latency tail": "waited for",
  "429 with retry-after": "repeated after the time asked for; everybody waits",
  "429 without": "repeated after a jittered delay; everybody waits",
  "500": "repeated",
  "503": "repeated; everybody waits",
  "reset before the answer": "sample back to the pool, its tokens kept aside",
  "reset in the body": "sample back to the pool, its tokens kept aside",
  "slow loris": "ended by callTimeoutMs; sample back, its tokens kept aside",
  "wrong JSON": "sample back to the pool, its tokens kept aside",
  "wrong shape": "sample back to the pool, its tokens kept aside",
  "empty text": "paid, marked as failed",
  refusal: "paid, marked as failed",
  "cut off by the limit": "paid, votes if readable, never quoted",
  "duplicate SSE": "read once",
  "truncated SSE": "paid at its worst case, never votes, never quoted",
};

/** What happened over all the servers of a test. */
export interface FaultTotals {
  batches: number;
  starts: number;
  requests: number;
  delivered: number;
  injected: Map<Fault, number>;
}

export function newTotals(): FaultTotals {
  return { batches: 0, starts: 0, requests: 0, delivered: 0, injected: new Map() };
}

/** Adds what one batch met, which was started so many times. */
export function addTo(totals: FaultTotals, server: FaultyServer, starts: number): void {
  totals.batches += 1;
  totals.starts += starts;
  totals.requests += server.requests();
  totals.delivered += server.delivered.size;
  for (const [fault, times] of server.injected) {
    totals.injected.set(fault, (totals.injected.get(fault) ?? 0) + times);
  }
}

/** For people; printed once the test has made sure that nothing was lost or spent in excess. */
export function faultTable(title: string, totals: FaultTotals): string {
  const { batches, starts, requests, delivered, injected } = totals;
  const rows = [...injected].toSorted(([a], [b]) => a.localeCompare(b));
  const all = rows.reduce((sum, [, times]) => sum + times, 0);
  return [
    `${title}: ${batches} batches, ${starts} starts, ${requests} requests, ${delivered} answers delivered, ${all} faults.`,
    "",
    "| Fault | Times injected | Lost samples | Overspend | Outcome |",
    "|---|---|---|---|---|",
    ...rows.map(([fault, times]) => `| ${fault} | ${times} | 0 | 0 | ${OUTCOMES[fault]} |`),
    "",
  ].join("\n");
}
