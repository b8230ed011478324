import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { evaluateCommand } from "../../src/cli/eval.js";
import { METHODS } from "../../src/cli/families.js";
import { evaluate, formatRun, parseAime, parseDataset, parseRuns } from "../../src/evaluation/index.js";
import type { Question, Run } from "../../src/evaluation/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

const FILE = [
  '{"id": 1, "question": "3 + 4?", "answer": "7"}',
  '{"id": 2, "question": "9 - 2?", "answer": "7"}',
];
const REWORDED = FILE.map((line) => line.replace('question": "', 'question": "En français: '));

beforeEach(() => void vi.stubEnv("OPENAI_API_KEY", "test"));
afterEach(() => void vi.unstubAllEnvs());

async function runOver(dataset: readonly Question[], name: string, maxConcurrency: number): Promise<Run> {
  const methods = { [name]: METHODS[name.split("+")[0] as string]?.() ?? {} };
  const options = { model: new ScriptedModel(() => "\\boxed{7}"), modelName: "openai:x", dataset, methods };
  const runs = evaluate({ ...options, samplesPerInput: [8], maxConcurrency });
  return (await runs.next()).value as Run;
}

/** What a dry run over these lines, beside a run over `FILE`, is refused with; "" if it is not. */
async function refusal(
  lines: readonly string[],
  flags: readonly string[],
  { name = "selfConsistency", there = FILE } = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "dynscaling-"));
  const [questions, runs] = [join(folder, "q.jsonl"), join(folder, "runs.jsonl")];
  writeFileSync(questions, lines.join("\n"));
  writeFileSync(runs, formatRun(await runOver(parseDataset(there.join("\n")), name, 16)));
  const terminal = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    signal: new AbortController().signal,
  };
  const args = [
    questions,
    "--runs",
    runs,
    "--model",
    "openai:x",
    "--methods",
    name,
    "--budgets",
    "8",
    "--dry-run",
  ];
  return evaluateCommand([...args, ...flags], terminal).then(
    () => "",
    (error: Error) => error.message,
  );
}

describe("runs that are there, beside the same ids and gold answers,", () => {
  it("are gone on with where the questions are asked as they were", async () => {
    expect(await refusal(FILE, [])).toBe("");
    expect(await refusal(FILE, ["--max-concurrency", "1"])).toBe("");
  });

  it("are gone on with where chains have run, however the bandit ranks", async () => {
    expect(await refusal(FILE, [], { name: "dynscaling" })).toBe("");
  });

  it("are refused for another concurrency where it changes whom a round serves", async () => {
    const there = Array.from({ length: 100 }, (_, id) => `{"id": ${id}, "question": "${id} + 1?"}`);
    const name = "selfConsistency+voteIndex";
    expect(await refusal(there, ["--max-concurrency", "16"], { name, there })).toBe("");
    expect(await refusal(there, ["--max-concurrency", "1"], { name, there })).toMatch(
      /setting of --max-concurrency, .* "16 for selfConsistency\+voteIndex" there, "1 for/,
    );
  });

  it.each([
    ["another prompt", REWORDED, []],
    ["the instruction of another layout", FILE, ["--layout", "aime"]],
  ])("are refused for %s, with the file and what to do", async (_what, lines, flags) => {
    expect(await refusal(lines, flags)).toMatch(
      /^--runs: the runs in .*runs\.jsonl were made with another setting of question texts .* Repeat it, or name another file\.$/,
    );
  });

  it("are refused together with runs of other texts where one file holds both", async () => {
    const run = await runOver(parseDataset(FILE.join("\n")), "selfConsistency", 16);
    const other = await runOver(parseAime(FILE.join("\n")), "dynscaling", 16);
    expect(() => parseRuns(formatRun(run) + formatRun(other))).toThrow(
      /other texts of them .* file of its own/,
    );
  });
});

describe("two years of AIME that number their problems alike", () => {
  it("are one dataset, without a clash of ids", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dynscaling-"));
    const years = ["2024", "2025"].map((year) => join(folder, `aime_${year}.jsonl`));
    for (const year of years) writeFileSync(year, '{"problem_idx": 1, "problem": "1 + 1?", "answer": 2}\n');
    let said = "";
    const stdout = { write: (text: string) => (said += text) };
    const terminal = { stdout, stderr: { write: () => true }, signal: new AbortController().signal };
    const args = [
      "--layout",
      "aime",
      "--runs",
      join(folder, "runs.jsonl"),
      "--model",
      "openai:x",
      "--dry-run",
    ];
    const more = ["--methods", "selfConsistency", "--budgets", "8"];
    expect(await evaluateCommand([...years, ...args, ...more], terminal)).toBe(0);
    expect(said).toContain("1 run to make, 16 calls at most");
    await expect(
      evaluateCommand([years[0] as string, years[0] as string, ...args], terminal),
    ).rejects.toThrow("Two files of questions are called aime_2024.jsonl");
  });
});
