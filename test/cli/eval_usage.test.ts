import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynscaling, workspace } from "./command.js";
import type { CommandOptions } from "./command.js";
import { beside, evalSpace } from "./eval_server.js";
import type { EvalSpace } from "./eval_server.js";

const GOOD_LINE = '{"id": "q1", "question": "1 + 1 = ?", "answer": "2"}';

/** One clear line, exit code 2, and no file but the questions. */
async function expectRefused(
  extra: string[],
  message: RegExp,
  lines = [GOOD_LINE],
  options?: CommandOptions,
): Promise<void> {
  const { questions, out } = workspace(lines);
  const { code, stdout, stderr } = await dynscaling(["eval", questions, "--runs", out, ...extra], options);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(readdirSync(dirname(questions))).toEqual(["questions.jsonl"]);
}

describe("dynscaling eval refuses, before anything is spent,", () => {
  it.each([
    ["an unknown option", ["--bugdets", "8"], /'--bugdets'.*dynscaling eval --help/],
    ["an unknown method", ["--methods", "bestOfN"], /--methods: got "bestOfN".*selfConsistency/],
    ["a budget below one sample", ["--budgets", "0.5,8"], /--budgets: got "0.5".*at least 1/],
    ["a gap in the budgets", ["--budgets", "8,,16"], /--budgets: got ""/],
    ["no seed", ["--seeds", "0"], /--seeds: got "0".*at least 1/],
    ["more seeds than anyone means", ["--seeds", "1e9"], /--seeds: got "1e9".*at most/],
    ["an unknown model", ["--model", "gpt-5-mini"], /--model: got "gpt-5-mini"/],
    ["a missing key", ["--model", "openai:gpt-5-mini"], /OPENAI_API_KEY/],
    ["a broken temperature", ["--temperature", "warm"], /--temperature: got "warm"/],
    ["an unknown extractor", ["--extractor", "json"], /--extractor: got "json".*boxed/],
    ["an unknown layout", ["--layout", "csv"], /--layout: got "csv".*aime, gpqa/],
    [
      "a file in another layout",
      ["--layout", "aime"],
      /questions\.jsonl, line 1: .*from 0 to 999/,
      '{"problem": "a", "answer": 1000}',
    ],
    ["one price without the other", ["--input-price", "1"], /both prices/],
    ["a negative price", ["--input-price", "1", "--output-price=-1"], /--output-price: got "-1"/],
    ["half a repetition", ["--max-retries", "1.5"], /--max-retries: got "1.5".*whole number/],
    ["no time for a call", ["--call-timeout-ms", "0"], /--call-timeout-ms: got "0".*at least 1/],
    ["thoughts of no length", ["--methods", "dynscaling+maxThoughtTokens=0"], /maxThoughtTokens: got "0"/],
    ["too few tokens for one call each", ["--output-token-budgets", "10"], /totalOutputTokens: got 10/],
    ["a second file that is not there", ["more.jsonl"], /Cannot read more\.jsonl/],
    ["a page that is no page", ["--report", "runs.jsonl"], /--report: got "runs.jsonl".*\.html/],
    ["a page where no file can be", ["--report", "/nowhere/at/all.html"], /--report: .*ENOENT/],
    [
      "a folder of figures that is a file",
      ["--figures", "package.json"],
      /--figures: package.json is no folder/,
    ],
    ["a pool where no file can be", ["--pool", "/nowhere/pool.jsonl"], /--pool: .*ENOENT/],
    ["runs where no file can be", ["--runs", "/nowhere/runs.jsonl"], /--runs: .*ENOENT/],
    ["no question", [], /holds no question/, ""],
    ["a line that is no question", [], /line 1: .*no JSON object/, "{oops"],
  ])("%s", async (_what, extra, message, line = GOOD_LINE) => {
    await expectRefused(extra, message, [line]);
  });

  it("a budget in tokens whose worst case nobody knows", async () => {
    const args = ["--model", "openai:x", "--output-token-budgets", "999"];
    await expectRefused(args, /--max-output-tokens N/, [GOOD_LINE], { env: { OPENAI_API_KEY: "k" } });
  });

  it.each(["vega", "vega-lite"])("a page without %s", async (hidden) => {
    await expectRefused(["--report", "page.html"], /npm install vega vega-lite/, [GOOD_LINE], { hidden });
  });

  it("to write its pool over the questions or the runs", async () => {
    const { questions, out } = workspace([GOOD_LINE]);
    for (const pool of [questions, out, join(dirname(out), ".", "results.jsonl")]) {
      const { code, stderr } = await dynscaling(["eval", questions, "--runs", out, "--pool", pool]);
      expect(stderr).toMatch(/--pool: .* is in use here; name another file/);
      expect(code).toBe(2);
    }
    expect(readFileSync(questions, "utf8")).toBe(`${GOOD_LINE}\n`);
  });

  it("to start without a file for the runs", async () => {
    const { questions } = workspace([GOOD_LINE]);
    const { code, stderr } = await dynscaling(["eval", questions]);
    expect(stderr).toMatch(/--runs RUNS\.jsonl/);
    expect(code).toBe(2);
  });
});

describe("dynscaling eval, beside runs that are there,", () => {
  let space: EvalSpace;
  let kept: string;
  beforeAll(async () => {
    space = await evalSpace();
    await space.start().finished;
    kept = readFileSync(space.runs, "utf8");
  });
  afterAll(() => space.server.close());

  it.each([
    [
      "another model",
      ["--model", "openai:gpt-5-mini"],
      /model: "openai:gpt-4.1-mini" there, "openai:gpt-5-mini" here/,
    ],
    ["another temperature", ["--temperature", "0.6"], /model: .*temperature 0.6" here/],
    ["another output limit", ["--max-output-tokens", "9"], /model: .*at most 9 output tokens" here/],
    ["another extractor", ["--extractor", "boxed"], /model: .*read by boxed" here/],
    ["labels", ["--extractor", "oneOf:2, 4"], /model: .*read by oneOf:2,4" here/],
    ["other budgets", ["--budgets", "2,4,8"], /budgets: "2,4 samples" there, "2,4,8 samples" here/],
    ["budgets of another kind", ["--output-token-budgets", "40", "--max-output-tokens", "9"], /model/],
  ])("refuses %s, and leaves them alone", async (_what, extra, message) => {
    const { code, stderr } = await space.start([...extra, "--seeds", "2"]).finished;
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
    expect(readFileSync(space.runs, "utf8")).toBe(kept);
    expect(space.server.requests).toHaveLength(8);
  });

  it.each([
    ["questions", '{"id": "two", "question": "?"}\n', /another setting of questions\./],
    [
      "gold answers",
      '{"id": "two", "question": "?", "answer": 3}\n{"id": "four", "question": "?", "answer": 4}\n',
      /another setting of gold answers\./,
    ],
  ])("refuses other %s", async (_what, text, message) => {
    const other = beside(space, "other.jsonl");
    writeFileSync(other, text);
    const env = { OPENAI_API_KEY: "test", TEST_OPENAI_URL: space.server.url };
    const args = ["eval", other, "--runs", space.runs, "--model", "openai:gpt-4.1-mini", "--budgets", "2,4"];
    const { code, stderr } = await dynscaling(args, { env });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(readFileSync(space.runs, "utf8")).toBe(kept);
  });

  it("does not write its pool over recorded answers of something else", async () => {
    const pool = beside(space, "recorded.jsonl");
    writeFileSync(pool, "paid for\n");
    const { code, stderr } = await space.start(["--pool", pool, "--seeds", "2"]).finished;
    expect(stderr).toMatch(/--pool: .*recorded\.jsonl exists already, with other contents/);
    expect(code).toBe(2);
    expect(readFileSync(pool, "utf8")).toBe("paid for\n");
    expect(space.server.requests).toHaveLength(8);
  });

  it("adds further methods and seeds to them", async () => {
    const { code, stdout } = await space.start(["--methods", "selfConsistency", "--seeds", "2"]).finished;
    expect(code).toBe(0);
    expect(space.lines().map(({ seed }) => seed)).toEqual([0, 0, 1]);
    expect(stdout).toMatch(/^selfConsistency\+unit=2 +1 .*\n.*\nselfConsistency +2 /m);
  });
});
