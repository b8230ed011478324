import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { randomStreams } from "../../src/core/random.js";
import type { BudgetReport } from "../../src/index.js";
import { FAULTS, serveFaults } from "../support/faulty_server.js";
import type { Fault, FaultyServer } from "../support/faulty_server.js";
import { addTo, faultTable, newTotals } from "./fault_table.js";

/** `SOAK_INPUTS=10000 npx vitest run test/failures/soak.test.ts` is the long form, and prints the table. */
const INPUTS = Number(process.env["SOAK_INPUTS"] ?? 300);

/** The whole heap of the process; a record of four responses takes about 8 KiB of it. */
const HEAP_MIB = 160 + Math.ceil(INPUTS / 40);

/** Those that a client which does not stream can meet. A slow loris takes its time, so it is rarer. */
const KINDS = FAULTS.filter((fault) => !fault.endsWith("SSE"));
const FAULT_RATE = 0.05;

interface Outcome {
  records: number;
  serials: number[];
  wrongVotes: number;
  outOfOrder: number;
  withoutAnswer: number;
  budget: BudgetReport;
  seconds: number;
  peakMiB: number;
}

let server: FaultyServer | undefined;
afterEach(() => server?.close());

it("a batch over a flaky service loses nothing, overspends nothing and stays within its memory", async () => {
  const random = randomStreams(56)();
  const planned = new Map<number, Fault>();
  server = await serveFaults((index) => {
    if (random() >= FAULT_RATE) return null;
    const kind = KINDS[Math.floor(random() * KINDS.length)] as Fault;
    const fault = kind === "slow loris" && random() > 0.2 ? "latency tail" : kind;
    planned.set(index, fault);
    return fault;
  });
  const { code, stdout, stderr } = await ask(server.url);
  expect([code, stderr]).toEqual([0, ""]);
  const { serials, ...outcome } = JSON.parse(stdout) as Outcome;
  expect(outcome).toMatchObject({ records: INPUTS, wrongVotes: 0, outOfOrder: 0, withoutAnswer: 0 });
  // Those without a text carry no number; all others that were delivered stand in exactly one record.
  const isTextless = (serial: number): boolean =>
    ["empty text", "refusal"].includes(planned.get(serial) ?? "");
  const unreadable = (serial: number): boolean =>
    ["wrong JSON", "wrong shape"].includes(planned.get(serial) ?? "");
  const kept = new Set(serials);
  expect(kept.size).toBe(serials.length);
  const lost = [...server.delivered].filter(
    (serial) => !kept.has(serial) && !isTextless(serial) && !unreadable(serial),
  );
  expect(lost).toEqual([]);
  const limit = INPUTS * 4 * 20;
  expect(server.charged.outputTokens).toBeLessThanOrEqual(limit);
  expect(outcome.budget.excess).toEqual({ inputTokens: 0, outputTokens: 0 });
  expect(outcome.budget.spent.samples).toBeLessThanOrEqual(INPUTS * 4);
  if (INPUTS >= 10_000) {
    const totals = newTotals();
    addTo(totals, server, 1);
    console.log(faultTable(`${INPUTS} inputs`, totals), JSON.stringify(outcome));
  }
}, 3_600_000);

function ask(url: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const script = fileURLToPath(new URL("soak_client.ts", import.meta.url));
  const flags = [`--max-old-space-size=${HEAP_MIB}`, "--import", "tsx"];
  const client = spawn(process.execPath, [...flags, script, url, String(INPUTS)], {
    env: { PATH: process.env["PATH"] },
  });
  let stdout = "";
  let stderr = "";
  client.stdout.on("data", (data) => (stdout += String(data)));
  client.stderr.on("data", (data) => (stderr += String(data)));
  return new Promise((settle) => client.on("close", (code) => settle({ code, stdout, stderr })));
}
