import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dynscaling, workspace } from "./command.js";
import type { CommandOptions } from "./command.js";

const GOOD_LINE = '{"id": "q1", "question": "1 + 1 = ?", "answer": "2"}';

/** One clear line, exit code 2, and no results file left behind. */
async function expectRefused(
  extra: string[],
  message: RegExp,
  lines = [GOOD_LINE],
  options?: CommandOptions,
): Promise<void> {
  const { questions, out } = workspace(lines);
  const { code, stdout, stderr } = await dynscaling(["run", questions, "--out", out, ...extra], options);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
}

describe("dynscaling run refuses, before anything is spent,", () => {
  it.each([
    ["an unknown option", ["--modle", "local"], /'--modle'/],
    ["an unknown model", ["--model", "gpt-5-mini"], /--model: got "gpt-5-mini".*openai:MODEL/],
    ["a model of no name", ["--model", "openai:"], /--model: got "openai:"/],
    [
      "a model named after a part of every object",
      ["--model", "constructor:x"],
      /--model: got "constructor:x"/,
    ],
    ["a missing OpenAI key", ["--model", "openai:gpt-5-mini"], /OPENAI_API_KEY/],
    ["a missing Google key", ["--model", "google-genai:gemini-2.5-flash"], /GOOGLE_API_KEY/],
    ["a budget below one sample per question", ["--budget", "0.5"], /--budget: got "0.5".*at least 1/],
    ["a budget that is no number", ["--budget", "many"], /--budget: got "many"/],
    ["a seed that the model cannot take", ["--seed", "5000000000"], /seed.*5000000000/],
    ["a negative seed", ["--seed", "-1"], /--seed/],
    ["a model file that is not there", ["--model", "local:missing.gguf"], /missing\.gguf/],
    ["an empty budget", ["--budget="], /--budget: got ""/],
    ["a broken unit", ["--unit", "2.5"], /--unit: got "2.5".*whole number/],
    ["a negative temperature", ["--temperature=-1"], /--temperature: got "-1"/],
    ["an unknown allocator", ["--allocator", "greedy"], /--allocator: got "greedy".*ucb/],
    ["an allocator that is a helper", ["--allocator", "ranked"], /--allocator: got "ranked"/],
    ["an option of another allocator", ["--allocator", "voteIndex+c=1"], /c belongs to ucb; its allocator/],
    ["a price that is none", ["--allocator", "voteIndex+price=low"], /--allocator, price: got "low"/],
    ["an unknown extractor", ["--extractor", "toString"], /--extractor: got "toString".*boxed/],
    ["labels that are not there", ["--extractor", "oneOf"], /got "oneOf".*oneOf:LABEL,LABEL/],
    ["labels that end too early", ["--extractor", "someOf:a,"], /got "someOf:a,".*none empty/],
    ["one label twice", ["--extractor", "oneOf:spam,Spam"], /--extractor: oneOf.labels: got "Spam"/],
    ["labels of an extractor without any", ["--extractor", "boxed:a,b"], /got "boxed:a,b".*oneOf:LABEL/],
    ["a second file", ["more.jsonl"], /"more.jsonl" is one too many/],
    ["dollars without prices", ["--total-cost-usd", "1"], /--total-cost-usd needs.*--input-price/],
    ["one price without the other", ["--output-price", "1"], /both prices/],
    ["dollars that are none", ["--total-cost-usd", "$1"], /--total-cost-usd: got "\$1"/],
    [
      "no dollars",
      ["--total-cost-usd", "0", "--input-price", "1", "--output-price", "1"],
      /budget.totalCostUsd: got 0/,
    ],
    [
      "dollars where nothing costs any",
      ["--total-cost-usd", "1", "--input-price", "0", "--output-price", "0"],
      /budget.totalCostUsd: got 1.*never met/,
    ],
    ["less than no repetition", ["--max-retries=-1"], /--max-retries: got "-1".*at least 0/],
    ["half a repetition", ["--max-retries", "1.5"], /--max-retries: got "1.5".*whole number/],
    ["no time for a call", ["--call-timeout-ms", "0"], /--call-timeout-ms: got "0".*at least 1/],
    ["a time limit no timer can keep", ["--call-timeout-ms", "3e9"], /callTimeoutMs: got 3000000000/],
    ["thoughts of no length", ["--max-thought-tokens", "0"], /--max-thought-tokens: got "0"/],
    [
      "a limit to thoughts that nothing quotes",
      ["--max-thought-tokens", "9", "--sampler", "independent"],
      /--max-thought-tokens: independent has no chains/,
    ],
    [
      "too few output tokens for one sample each",
      ["--total-output-tokens", "10"],
      /budget.totalOutputTokens: got 10/,
    ],
  ])("%s", async (_what, extra, message) => {
    await expectRefused(extra, message);
  });

  it.each([
    ["a line that is no JSON", [GOOD_LINE, "{oops"], /line 2: got "\{oops".*no JSON object/],
    ["a line that is no object", [GOOD_LINE, "", "[1]"], /line 3: got "\[1\]"/],
    ["a line without a question", ['{"id": "q1"}'], /line 1: .*"question"/],
    ["a repeated id", [GOOD_LINE, GOOD_LINE], /line 2: .*line 1/],
    ["an empty file", [], /holds no question/],
  ])("%s", async (_what, lines, message) => {
    await expectRefused([], message, lines);
  });

  it.each([
    ["openai:gpt-5-mini", "@langchain/openai"],
    ["google-genai:gemini-2.5-flash", "@langchain/google-genai"],
    ["local", "node-llama-cpp"],
  ])("%s without its package", async (model, hidden) => {
    const env = { OPENAI_API_KEY: "k", GOOGLE_API_KEY: "k" };
    await expectRefused(["--model", model], new RegExp(`npm install ${hidden}`), [GOOD_LINE], {
      hidden,
      env,
    });
  });

  it("a results file that exists, and leaves it alone", async () => {
    const { questions, out } = workspace([GOOD_LINE]);
    writeFileSync(out, "paid for\n");
    const { code, stderr } = await dynscaling(["run", questions, "--out", out]);
    expect(stderr).toMatch(/exists already.*--force/);
    expect(code).toBe(2);
    expect(readFileSync(out, "utf8")).toBe("paid for\n");
  });

  it("to write over its own questions", async () => {
    const { questions } = workspace([GOOD_LINE]);
    const { code, stderr } = await dynscaling(["run", questions, "--out", questions, "--force"]);
    expect(stderr).toMatch(/is the file of questions/);
    expect(code).toBe(2);
    expect(readFileSync(questions, "utf8")).toContain("1 + 1");
  });

  it("a file of questions that is not there", async () => {
    const { code, stderr } = await dynscaling(["run", "nowhere.jsonl", "--out", "never.jsonl"]);
    expect(stderr).toMatch(/Cannot read nowhere.jsonl/);
    expect(code).toBe(2);
  });

  it("to run without an output file", async () => {
    const { questions } = workspace([GOOD_LINE]);
    const { code, stderr } = await dynscaling(["run", questions]);
    expect(stderr).toMatch(/--out RESULTS.jsonl/);
    expect(code).toBe(2);
  });
});

describe("dynscaling", () => {
  it("shows every option of run in its help", async () => {
    const { code, stdout } = await dynscaling(["run", "--help"]);
    expect(code).toBe(0);
    for (const name of [
      "--out",
      "--model",
      "--budget",
      "--total-cost-usd",
      "--input-price",
      "--max-retries",
      "--call-timeout-ms",
      "--max-thought-tokens",
      "--seed",
      "integrated",
      "ucb",
      "variationRatio",
      "guarded",
      "finalAnswer",
    ]) {
      expect(stdout).toContain(name);
    }
  });

  it("refuses an unknown command", async () => {
    const { code, stderr } = await dynscaling(["eat"]);
    expect(stderr).toMatch(/no command "eat"/);
    expect(code).toBe(2);
  });
});
