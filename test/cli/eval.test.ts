import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Run } from "../../src/evaluation/index.js";
import { ledgerQuestions } from "../../src/local/ledger.js";
import { dynscaling, workspace } from "./command.js";
import { CALLS, beside, evalSpace } from "./eval_server.js";

const lines = ledgerQuestions({ count: 2, seed: 11 }).map((question) => JSON.stringify(question));

describe("dynscaling eval on the embedded model", () => {
  it("makes every run, shows a table, and writes a pool that dynscaling replay reads", async () => {
    const { questions, out, results } = workspace(lines);
    const pool = join(dirname(questions), "pool.jsonl");
    const methods = "dynscaling+unit=4,selfConsistency+unit=2";
    const args = ["eval", questions, "--runs", out, "--methods", methods, "--budgets", "8,4", "--seeds", "2"];
    const { code, stdout } = await dynscaling([...args, "--pool", pool]);
    expect(code).toBe(0);

    const runs = results() as Run[];
    expect(runs.map(({ method, seed }) => [method, seed])).toEqual([
      ["dynscaling+unit=4", 0],
      ["selfConsistency+unit=2", 0],
      ["dynscaling+unit=4", 1],
      ["selfConsistency+unit=2", 1],
    ]);
    for (const run of runs) {
      expect(run.checkpoints).toEqual([4, 8]);
      expect(run.model).toBe("local");
      expect(run.questions.flatMap(({ samples }) => samples)).toHaveLength(16);
      expect(run.questions.every(({ gold }) => gold !== null)).toBe(true);
    }
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 4));
    expect(rows.slice(0, 5)).toEqual([
      ["method", "runs", "budget", "samples"],
      ["dynscaling+unit=4", "2", "4", "4.0"],
      ["dynscaling+unit=4", "2", "8", "8.0"],
      ["selfConsistency+unit=2", "2", "4", "4.0"],
      ["selfConsistency+unit=2", "2", "8", "8.0"],
    ]);

    const parallel = runs.flatMap((run) =>
      run.questions.flatMap(({ samples }) => samples.filter(({ stage }) => stage === "parallel")),
    );
    const recorded = readFileSync(pool, "utf8").trimEnd().split("\n");
    const samples = recorded.flatMap((line) => (JSON.parse(line) as { samples: object[] }).samples);
    expect(samples).toHaveLength(parallel.length);
    const replayed = await dynscaling(["replay", pool, "--budgets", "4", "--seeds", "2"]);
    expect(replayed.code).toBe(0);
    expect(replayed.stdout).toMatch(/^selfConsistency +2 +4 +4\.0 /m);
  });

  it("draws anew when it is started again, so that no seed repeats another", async () => {
    const { questions, out, results } = workspace(lines);
    const args = ["eval", questions, "--runs", out, "--methods", "selfConsistency", "--budgets", "6"];
    await dynscaling([...args, "--seeds", "1"]);
    await dynscaling([...args, "--seeds", "2"]);
    const [first, second] = (results() as Run[]).map((run) =>
      run.questions.map(({ samples }) => samples.map(({ answer, outputTokens }) => [answer, outputTokens])),
    );
    expect(first).toHaveLength(2);
    expect(second).not.toEqual(first);
  });
});

describe("dynscaling eval", () => {
  it("says with --dry-run what it would spend, and neither spends nor writes anything", async () => {
    const space = await evalSpace();
    const limits = ["--max-output-tokens", "1000", "--input-price", "1", "--output-price", "2.5"];
    const dry = ["--seeds", "3", "--dry-run", "--pool", beside(space, "pool.jsonl")];
    const { code, stdout, stderr } = await space.start([...limits, ...dry]).finished;
    await space.server.close();
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toMatch(
      /^3 runs to make, 24 calls at most, 24,000 output tokens at most \(\$0\.06, and about \$0\.00 for the input .*\)\nHow much of that it will be is not known yet, .* A first small run does: .*\n$/,
    );
    expect(space.server.requests).toHaveLength(0);
    expect(readdirSync(space.folder)).toEqual(["questions.jsonl"]);
  });

  it("says so where nothing limits the tokens, and estimates them once there are runs", async () => {
    const space = await evalSpace();
    const before = await space.start(["--dry-run"]).finished;
    expect(before.stdout).toContain("8 calls at most, output tokens unlimited (--max-output-tokens N");
    await space.start().finished;
    const after = await space.start(["--dry-run", "--seeds", "2"]).finished;
    await space.server.close();
    expect(after.stdout).toContain("1 run to make, 8 calls at most");
    expect(after.stdout).toContain("About 8 calls, 40 output tokens, 80 input tokens, by the 8 responses");
    expect(space.server.requests).toHaveLength(CALLS);
  });

  it("leaves out of a dry run what the journal holds, and gives dollars with the input", async () => {
    const space = await evalSpace();
    const journal = ["--journal", beside(space, "night.jsonl")];
    const small = ["--runs", beside(space, "small.jsonl"), "--budgets", "2"];
    await space.start([...journal, ...small]).finished;
    const dry = ["--dry-run", "--input-price", "10000", "--output-price", "100000"];
    const { stdout } = await space.start([...journal, ...dry]).finished;
    expect(stdout).toContain("1 run to make, 4 calls at most");
    expect(stdout).toContain("The journal holds 4 responses for them");
    // Of 10 input and 5 output tokens each.
    expect(stdout).toContain("About 4 calls, 20 output tokens, 40 input tokens ($2.40), by the 4 responses");
    const before = space.server.requests.length;
    await space.start(journal).finished;
    await space.server.close();
    expect(space.server.requests.length - before).toBe(4);
  });

  it("shows dollars where prices are given", async () => {
    const space = await evalSpace();
    // Four samples of 10 input and 5 output tokens: 40 x 100 + 20 x 1000 dollars a million.
    const { stdout } = await space.start(["--input-price", "100", "--output-price", "1000"]).finished;
    await space.server.close();
    expect(stdout).toMatch(/output tokens +dollars +right %/);
    expect(stdout).toMatch(/ 4\.0 +40 +20 +0\.0240 +50\.0 \[0\.0, 100\.0\]/);
  });

  it("counts budgets in output tokens, and keeps to them", async () => {
    const space = await evalSpace();
    const args = ["--output-token-budgets", "10,20", "--max-output-tokens", "5"];
    const { code, stderr } = await space.start(args).finished;
    await space.server.close();
    expect(code).toBe(0);
    expect(stderr).toContain("1 run to make, 40 output tokens at most");
    expect(space.server.requests).toHaveLength(8);
    expect(space.lines()).toMatchObject([{ unit: "outputTokens", checkpoints: [10, 20] }]);
  });

  it("reads published layouts and the answers that they ask for", async () => {
    const space = await evalSpace(() => "Surely.\nAnswer: B");
    const columns = [
      "Question",
      "Correct Answer",
      "Incorrect Answer 1",
      "Incorrect Answer 2",
      "Incorrect Answer 3",
    ];
    const row = ['"Which, of\nthese?"', "right", "wrong", "false", "bad"];
    const file = join(space.folder, "questions.jsonl");
    writeFileSync(file, `${columns.join(",")}\n${row.join(",")}\n`);
    const { code, stderr } = await space.start(["--layout", "gpqa"]).finished;
    await space.server.close();
    expect(stderr).not.toContain("dynscaling:");
    expect(code).toBe(0);
    expect(space.lines()).toMatchObject([{ model: "openai:gpt-4.1-mini, read by choice" }]);
    const [{ questions }] = space.lines() as unknown as [Run];
    expect(questions[0]?.samples.map(({ answer }) => answer)).toEqual(["B", "B", "B", "B"]);
    expect(space.server.requests[0]?.turns[0]?.text).toContain("Which, of\nthese?\n\nA) ");
  });

  it.each([
    [
      "no call gets a response",
      CALLS,
      { status: 401, text: "Incorrect API key" },
      "2 of 2 questions were given up",
    ],
    ["an outage cuts it off", CALLS + 5, { status: 400, text: "down" }, "failed calls used up its budget"],
  ])("keeps no run if %s, says why, and exits with 1", async (_what, answered, failure, says) => {
    let isDown = true;
    const space = await evalSpace(({ index }) =>
      isDown && index >= answered ? failure : "The answer is 2.",
    );
    const { code, stdout, stderr } = await space.start(["--seeds", "3"]).finished;
    expect(code).toBe(1);
    expect(stderr).toContain(`dynscaling: The run of selfConsistency+unit=2 with seed 1 broke off: ${says}`);
    expect(stderr).toContain(`: ${failure.status} ${failure.text}`);
    expect(stderr).toContain("It is not kept; the runs before it are. Start again");
    expect(space.lines().map(({ seed }) => seed)).toEqual([0]);
    expect(stdout).toMatch(/^selfConsistency\+unit=2 +1 +4 /m);
    isDown = false;
    expect((await space.start(["--seeds", "3"]).finished).code).toBe(0);
    expect(space.lines().map(({ seed }) => seed)).toEqual([0, 1, 2]);
    await space.server.close();
  });

  it("writes a page with all figures, and writes it anew when there are more runs", async () => {
    const space = await evalSpace();
    const page = beside(space, "page.html");
    const pageOf = async (seeds: string): Promise<string> => {
      const { code, stderr } = await space.start(["--seeds", seeds, "--report", page]).finished;
      expect(stderr).not.toContain("dynscaling:");
      expect(code).toBe(0);
      return readFileSync(page, "utf8");
    };
    const first = await pageOf("1");
    expect(first).toMatch(/^<!doctype html>/);
    expect(first).toMatch(/<svg[^>]*>/);
    expect(first).toContain("selfConsistency+unit=2");
    expect(await pageOf("2")).not.toBe(first);
    await space.server.close();
    expect(space.server.requests).toHaveLength(2 * CALLS);
  });

  it("says how many calls failed in the runs that it keeps", async () => {
    const space = await evalSpace(({ index }) =>
      index % 4 === 1 ? { status: 400, text: "flagged" } : "The answer is 2.",
    );
    const { code, stdout } = await space.start().finished;
    await space.server.close();
    expect(code).toBe(0);
    expect(stdout).toContain("3 of 11 calls failed and gave their samples back.");
  });

  it("compares at equal samples where the provider does not tell tokens", async () => {
    const space = await evalSpace(() => ({ text: "The answer is 2.", usage: null }));
    const { stdout } = await space.start(["--methods", "selfConsistency,dynscaling+unit=2"]).finished;
    await space.server.close();
    expect(stdout).toContain('"ahead" is at equal samples');
    expect(stdout).toMatch(/^selfConsistency +1 +2 +2\.0 /m);
    expect(stdout).toMatch(/^dynscaling\+unit=2 +1 +2 .* 0\.0 \[0\.0, 0\.0\] +0\.0$/m);
    expect(stdout).toMatch(/^dynscaling\+unit=2 +1 +4 .* 0\.0 \[0\.0, 0\.0\] +0\.0$/m);
    expect(stdout).not.toContain("did not end its first round has no line");
  });
});
