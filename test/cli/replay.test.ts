import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { replayCommand } from "../../src/cli/replay.js";
import { dynscaling, workspace } from "./command.js";
import type { CommandOptions, Finished } from "./command.js";

const sample = (answer: string | null): object => ({ answer, tokens: 10 });

/** The first question is settled, the second right most of the time, the third wrong, the fourth without gold. */
const POOL = [
  { id: "easy", gold: "1", samples: ["1", "1", "1", "1", "1", "1", "1", "1"].map(sample) },
  { id: "hard", gold: "2", samples: ["2", "3", "2", "4", "2", "5", "2", null].map(sample) },
  { id: "wrong", gold: "3", samples: ["7", "7", "7", "7", "3", "7", "7", "7"].map(sample) },
  { id: "open", samples: ["9", "8", "9", "8", "9", "8", "9", "9"].map(sample) },
].map((question) => JSON.stringify(question));

async function replayed(
  extra: string[],
  lines = POOL,
  options?: CommandOptions,
): Promise<Finished & { rows: string[][]; folder: string }> {
  const { questions } = workspace(lines);
  const finished = await dynscaling(["replay", questions, ...extra], options);
  const rows = finished.stdout.split("\n").map((line) => line.split(/ {2,}/));
  return { ...finished, rows, folder: dirname(questions) };
}

describe("dynscaling replay", () => {
  it("shows every method at every budget, right answers and agreement with the infinite vote", async () => {
    const { code, stderr, rows, stdout } = await replayed(["--budgets", "8,4", "--seeds", "30"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(rows[0]?.join(", ")).toBe(
      "method, runs, budget, samples, output tokens, right %, as infinite vote %, ahead of selfConsistency, no answer %",
    );
    expect(rows.slice(1, 5).map((row) => row.slice(0, 5))).toEqual([
      ["withoutIntegratedSampling", "30", "4", "4.0", "40"],
      ["withoutIntegratedSampling", "30", "8", "8.0", "80"],
      ["selfConsistency", "30", "4", "4.0", "40"],
      ["selfConsistency", "30", "8", "8.0", "80"],
    ]);
    expect(stdout).toContain("over 4 questions and all runs");
  });

  it("uses every recorded answer once when drawing without replacement, and no more", async () => {
    const extra = ["--draw", "withoutReplacement", "--methods", "selfConsistency", "--budgets", "8,16"];
    const { rows } = await replayed([...extra, "--seeds", "3"]);
    // Right on two of the three with a gold answer, and by definition as the infinite vote.
    for (const [place, budget] of [
      [1, "8"],
      [2, "16"],
    ] as const) {
      expect(rows[place]?.slice(2, 7)).toEqual([
        budget,
        "8.0",
        "80",
        expect.stringMatching(/^66\.7 /),
        "100.0 [100.0, 100.0]",
      ]);
    }
  });

  it("goes on for ever when drawing with replacement, and says the same again", async () => {
    const extra = ["--methods", "selfConsistency", "--budgets", "40", "--seeds", "5"];
    const { rows, stdout } = await replayed(extra);
    expect(rows[1]?.slice(3, 5)).toEqual(["40.0", "400"]);
    expect((await replayed(extra)).stdout).toBe(stdout);
    const other = await replayed([...extra, "--draw", "withoutReplacement"]);
    expect(other.rows[1]?.[3]).toBe("8.0");
  });

  it("counts budgets in output tokens", async () => {
    const { rows } = await replayed([
      "--output-token-budgets",
      "20,40",
      "--methods",
      "selfConsistency+unit=2",
    ]);
    expect(rows.slice(1, 3).map((row) => row.slice(2, 5))).toEqual([
      ["20", "2.0", "20"],
      ["40", "4.0", "40"],
    ]);
  });

  it("writes a page with all figures", async () => {
    const { questions } = workspace(POOL);
    const page = join(dirname(questions), "page.html");
    const { code, stderr } = await dynscaling(["replay", questions, "--seeds", "2", "--report", page]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toMatch(/<svg[^>]*>/);
    for (const words of ["withoutIntegratedSampling", "selfConsistency", "infinite vote"])
      expect(html).toContain(words);
  });

  it("writes each figure as a file, how far agreement can be trusted among them", async () => {
    const { questions } = workspace(POOL);
    const folder = join(dirname(questions), "figures");
    const { code, stderr } = await dynscaling(["replay", questions, "--seeds", "2", "--figures", folder]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const names = readdirSync(folder);
    expect(names).toEqual(
      expect.arrayContaining([
        "accuracy_by_output_tokens.svg",
        "budget_by_question.svg",
        "risk_coverage.svg",
      ]),
    );
    for (const name of names) expect(readFileSync(join(folder, name), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it("hears Ctrl-C between two runs, and shows those that are over", async () => {
    const { questions } = workspace(POOL);
    const stop = new AbortController();
    const shown: string[] = [];
    const signal = {
      get aborted() {
        setImmediate(() => stop.abort());
        return stop.signal.aborted;
      },
    } as AbortSignal;
    const terminal = {
      stdout: { write: (text: string) => shown.push(text) },
      stderr: process.stderr,
      signal,
    };
    const args = [questions, "--methods", "selfConsistency", "--seeds", "500"];
    expect(await replayCommand(args, terminal)).toBe(130);
    const [, runs] = /^selfConsistency +(\d+) /m.exec(shown.join("")) ?? [];
    expect(Number(runs)).toBeGreaterThan(0);
    expect(Number(runs)).toBeLessThan(10);
  });

  it("replays whole units of the same chains, and names them for a method with others", async () => {
    const first = { answer: "1", tokens: 10, stage: "parallel", purpose: "answer", parents: [] };
    const second = { ...first, answer: "2", tokens: 20, stage: "sequential", parents: [0] };
    const units = { "answer | answer after 1 (wait)": [[first, second]] };
    const lines = [JSON.stringify({ id: "a", gold: "2", units })];
    const { rows } = await replayed(["--methods", "sp1,selfConsistency", "--budgets", "8"], lines);
    expect(rows.slice(1, 3).map((row) => row.slice(0, 6))).toEqual([
      ["sp1", "20", "8", "8.0", "120", "100.0 [100.0, 100.0]"],
      ["selfConsistency", "20", "8", "8.0", "80", "0.0 [0.0, 0.0]"],
    ]);
    const refused = await replayed(["--methods", "dynscaling"], lines);
    expect(refused.stderr).toBe(
      'dynscaling: --methods: "dynscaling" asks for other units than this recording holds: ' +
        "answer | answer after 1 (wait). Leave it out, or run it with a model: dynscaling eval.\n",
    );
    expect(refused.code).toBe(2);
  });

  it.each([
    "dynscaling",
    "withoutDynamicAllocation",
    "randomAllocation",
    "sp1",
    "sp2",
    "sp3",
    "dynscaling+bare",
  ])("refuses %s, which asks for conditioned samples", async (method) => {
    const { code, stdout, stderr } = await replayed(["--methods", `selfConsistency,${method}`]);
    expect(stderr).toBe(
      `dynscaling: --methods: "${method}" asks for conditioned samples, which this recording does not hold. ` +
        "Leave it out, or run it with a model: dynscaling eval.\n",
    );
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([
    ["an unknown draw", ["--draw", "twice"], /--draw: got "twice".*withoutReplacement/],
    ["an unknown option", ["--model", "local"], /'--model'.*dynscaling replay --help/],
    ["a method that is none", ["--methods", "ucb"], /--methods: got "ucb"/],
    ["a budget that is none", ["--budgets", "x"], /--budgets: got "x"/],
    ["too few tokens for one sample each", ["--output-token-budgets", "5"], /totalOutputTokens: got 20/],
    ["a second pool", ["more.jsonl"], /"more.jsonl" is one too many/],
    ["a page that is none", ["--report", "page.pdf"], /--report: got "page.pdf"/],
    ["a folder where none can be", ["--figures", "/nowhere/at/all"], /--figures: \/nowhere\/at is no folder/],
    ["an empty pool", [], /holds no question/, [""]],
    ["a sample that is none", [], /line 1: .*A sample is/, ['{"id": "a", "samples": [3]}']],
    ["a question without samples", [], /line 1: .*"samples"/, ['{"id": "a", "samples": []}']],
  ])("refuses %s", async (_what, extra, message, lines = POOL) => {
    const { code, stdout, stderr, folder } = await replayed(extra, lines);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(["questions.jsonl"]);
  });

  it("refuses a page without vega, before it replays anything", async () => {
    const { code, stderr } = await replayed(["--report", "page.html"], POOL, { hidden: "vega" });
    expect(stderr).toMatch(/npm install vega vega-lite\n$/);
    expect(code).toBe(2);
  });

  it("does not write its page over the pool", async () => {
    const { questions } = workspace(POOL);
    const pool = join(dirname(questions), "pool.html");
    writeFileSync(pool, readFileSync(questions));
    const { code, stderr } = await dynscaling(["replay", pool, "--report", pool]);
    expect(stderr).toMatch(/--report: .* is in use here/);
    expect(code).toBe(2);
    expect(readFileSync(pool, "utf8")).toBe(readFileSync(questions, "utf8"));
  });
});
