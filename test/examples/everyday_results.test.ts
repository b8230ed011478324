import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { record } from "../../examples/results/embedded/recording.js";
import { formatPool } from "../../src/evaluation/index.js";
import type { PoolQuestion } from "../../src/evaluation/index.js";
import { runExample } from "./run_example.js";
import type { Ended } from "./run_example.js";

const folder = mkdtempSync(join(tmpdir(), "everyday-"));

/** One run over a few items. With two samples, no two calls of an item are in flight together. */
function everyday(samples: number, ...args: string[]): Promise<Ended> {
  const few = ["--items", "4", "--seeds", "1"];
  return runExample("results/everyday", {}, [String(samples), ...few, ...args]);
}

describe("the tables of everyday answers", { timeout: 300_000 }, () => {
  let live: Ended;
  beforeAll(async () => {
    live = await everyday(2, "--recordings", folder);
  }, 300_000);

  it("come out of a model behind ChatOpenAI, with every method on the same answers", () => {
    expect(live.code).toBe(0);
    const rows = live.stdout.split("\n").filter((line) => /^\| (single|plain|DynScaling)/.test(line));
    expect(rows).toHaveLength(4 + 3 + 6 + 5);
    const requests = Array.from(
      live.stderr.matchAll(/^(\w+): (\d+) requests to openai$/gm),
      ([, name, count]) => [name, Number(count)],
    );
    expect(requests.map(([name]) => name)).toEqual(["tickets_1", "invoices_1"]);
    for (const [, count] of requests) {
      // What one method has asked for, the next is given again.
      expect(count).toBeGreaterThanOrEqual(8);
      expect(count).toBeLessThan(16);
    }
  });

  it("come out of the recording alone, to the last digit", async () => {
    const replayed = await everyday(2, "--recordings", folder);
    expect(replayed.stdout).toBe(live.stdout);
    expect(replayed.stderr).toBe("tickets_1: 0 requests to openai\ninvoices_1: 0 requests to openai\n");
  });

  it("come out of ChatGoogleGenerativeAI too, to the last digit", async () => {
    const { stdout, stderr } = await everyday(2, "--client", "gemini");
    expect(stdout).toBe(live.stdout);
    expect(stderr).toMatch(/^tickets_1: \d+ requests to gemini\ninvoices_1: \d+ requests to gemini\n$/);
  });

  it("are refused where a recording lacks answers, instead of being made of two", async () => {
    const { code, stderr } = await everyday(4, "--recordings", folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The recording of tickets_1 lacks \d+ answers; delete it/);
  });
});

describe("the tables of trust", { timeout: 300_000 }, () => {
  it("show a model that is sure and wrong for what it is", async () => {
    const always = (id: number, answer: string): PoolQuestion => ({
      id: String(id),
      gold: "A",
      samples: Array.from({ length: 8 }, () => ({ answer, tokens: 10 })),
    });
    const pool = [..."AAAAAAAAABBB"].map((answer, id) => always(id, answer));
    const file = join(folder, "sure.jsonl");
    writeFileSync(file, formatPool(pool));
    const { code, stdout } = await runExample("results/trust", {}, [file, "--samples", "4", "--seeds", "2"]);
    expect(code).toBe(0);
    expect(stdout).toContain("### sure: 12 questions, 2 seeds");
    expect(stdout).toMatch(/^A single call is right in 75\.0 \(/m);
    expect(stdout).toMatch(
      /^\| plain majority \| 75\.0 \(.*\) \| 0\.0 \(0\.0 to 0\.0\) \| 25\.0 \| none \|$/m,
    );
    expect(stdout).toMatch(/^\| DynScaling, ucb \| 0\.250 \| 0\.250 \| 0\.250 \| none shown \|/m);
  });

  it("are made of what was recorded of the embedded model", async () => {
    const file = join(folder, "said.jsonl");
    await record({ kind: "guarded", questions: 3, passes: 1, seed: 11, file, shard: 0, shards: 1 });
    const args = ["--units", file, "--seed", "11", "--samples", "2", "--seeds", "2"];
    const { code, stdout } = await runExample("results/trust", {}, args);
    expect(code).toBe(0);
    expect(stdout).toContain("### The embedded model: 3 questions, 2 seeds");
  });

  it("need a pool", async () => {
    const { code, stderr } = await runExample("results/trust");
    expect(code).toBe(1);
    expect(stderr).toContain("Name at least one pool");
  });
});
