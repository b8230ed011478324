import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDataset } from "../src/evaluation/dataset.js";
import { ledgerQuestions } from "../src/local/ledger.js";
import { dynscaling, workspace } from "./cli/command.js";
import { serveGemini } from "./support/gemini_server.js";
import { serveOpenAI } from "./support/openai_server.js";
import type { ProtocolServer } from "./support/protocol_server.js";

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const readme = readFileSync(root("README.md"), "utf8");
const fenced = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
const blocks = (language: string): string[] =>
  fenced.filter(([, name]) => name === language).map(([, , code]) => code ?? "");
const snippets = blocks("ts");

// Inside the package, so that a snippet imports it by its name.
const FOLDER = root(".tmp/readme/");
let openAI: ProtocolServer;
let gemini: ProtocolServer;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  let doubts = 0;
  openAI = await serveOpenAI(({ turns }) => {
    const asked = turns[0]?.text ?? "";
    if (asked.includes("Acme")) return '{"vendor": "Acme Inc", "date": "2026-05-03", "total": 19.75}';
    // A date that half of the responses read in another way.
    if (asked.includes("Papier"))
      return `{"vendor": "Zürich Papier", "date": "2026-0${2 + (doubts++ % 2)}-03", "total": 93.5}`;
    if (asked.includes("kettle")) return "Label: **Refund**";
    if (asked.includes("charged")) return ["billing", "Refund.", "delivery"][doubts++ % 3] as string;
    return asked.includes("17 * 23") ? "17 * 23 = \\boxed{391}" : "It is \\boxed{29}.";
  });
  gemini = await serveGemini(() => ({
    text: "Saturn leads.\nAnswer: B",
    usage: { input: 30, output: 8, thoughts: 20 },
  }));
});

afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await Promise.all([openAI.close(), gemini.close()]);
});

/** Runs a snippet as written, with a made-up key and local servers in the providers' place. */
function runSnippet(containing: string): Promise<string> {
  const code = snippets.find((snippet) => snippet.includes(containing));
  if (code === undefined) throw new Error(`The README has no snippet with ${containing}.`);
  const file = `${FOLDER}${containing.replace(/\W/g, "_")}.ts`;
  writeFileSync(file, code);
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--import", "./test/support/redirect.mjs", file],
    {
      cwd: root(""),
      env: {
        PATH: process.env["PATH"],
        OPENAI_API_KEY: "test",
        GOOGLE_API_KEY: "test",
        TEST_OPENAI_URL: openAI.url,
        TEST_GEMINI_URL: gemini.url,
      },
      timeout: 55_000,
    },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve(stdout) : reject(new Error(`${stdout}\n${stderr}`)),
    );
  });
}

describe("the README", () => {
  it("runs its twelve lines without a key and prints what it says, votes aside", async () => {
    const printed = await runSnippet("ledgerQuestions({ count: 6");
    const lines = printed.trimEnd().split("\n");
    // Floating point differs between processors, so the votes may; the questions and the form may not.
    const claimed = (blocks("").find((block) => block.startsWith("right")) ?? "").trimEnd().split("\n");
    const rightAnswer = (line: string): string | undefined =>
      /^right (\d+), voted \S+ \(\d+ of \d+\)$/.exec(line)?.[1];
    expect(claimed.map(rightAnswer)).toEqual(
      ledgerQuestions({ count: 6, seed: 1 }).map(({ answer }) => answer),
    );
    expect(lines.map(rightAnswer)).toEqual(claimed.map(rightAnswer));
    const samples = lines.map((line) => Number(/of (\d+)\)$/.exec(line)?.[1]));
    expect(samples.reduce((sum, count) => sum + count, 0)).toBe(72);
  });

  it("pipes ChatOpenAI into a chain, 12 samples an input", async () => {
    const printed = await runSnippet("new ChatOpenAI(");
    expect(printed).toContain("17 * 23 = \\\\boxed{391}");
    expect(printed).toContain("It is \\\\boxed{29}.");
    expect(openAI.requests).toHaveLength(24);
  });

  it("runs ChatGoogleGenerativeAI and counts its hidden reasoning", async () => {
    const printed = await runSnippet("new ChatGoogleGenerativeAI(");
    expect(printed).toContain("answer: 'B'");
    expect(gemini.requests).toHaveLength(16);
    expect(printed).toContain(String(16 * (30 + 8 + 20)));
  });

  it("reads invoices to objects, and names the field that the responses disagree on", async () => {
    const printed = await runSnippet("withStructuredOutput(invoice");
    expect(printed).toMatch(/vendor: 'Acme Inc', date: '2026-05-03', total: 19.75 } agreed on/);
    expect(printed).toMatch(/vendor: 'Zürich Papier'.*total: 93.5 } check date/);
  });

  it("sorts tickets, and sends to a person what the responses disagree on", async () => {
    const printed = await runSnippet("oneOf(labels)");
    expect(printed).toMatch(/^refund 1 stands$/m);
    for (const label of ["billing", "refund", "delivery"]) expect(printed).toContain(`answer: '${label}'`);
  });

  it("runs parts of one's own", async () => {
    const rounds = JSON.parse(await runSnippet("mostUncertain")) as number[][];
    expect(rounds.flat().reduce((sum, pulls) => sum + pulls, 0)).toBe(20);
  });

  it("shares a budget between calls that come one by one", async () => {
    const printed = await runSnippet("scaled.shared(");
    const rightAnswers = ledgerQuestions({ count: 3, seed: 8 }).map(({ answer }) => `right ${answer},`);
    for (const right of rightAnswers) expect(printed).toContain(right);
    expect(printed).toMatch(/inputs: 3/);
  });

  it("compares methods over recorded answers", async () => {
    const printed = await runSnippet("compareAtEqualSpend(");
    expect(printed).toMatch(/checkpoint: 8/);
    expect(printed).toMatch(/questions: 6/);
  });

  it("has no other snippet", () => {
    expect(snippets).toHaveLength(8);
  });

  it("says what a comparison would cost", async () => {
    const command = blocks("bash").find((block) => block.includes("--dry-run")) ?? "";
    const [, ...args] = command.trim().split(" ").slice(1);
    const { out } = workspace([]);
    const given = args
      .map((arg) => (arg === "runs.jsonl" ? out : arg))
      .map((arg) => (arg.startsWith("examples/") ? root(arg) : arg));
    expect(given).toContain("--dry-run");
    const { code, stdout } = await dynscaling(given);
    expect(code).toBe(0);
    expect(stdout).toContain("3 runs to make, 576 calls at most");
  });

  it("shows a command line that works", async () => {
    const command = blocks("bash").find((block) => block.includes("npx dynscaling")) ?? "";
    const [, ...args] = command.trim().split(" ").slice(1);
    expect(args.slice(0, 2)).toEqual(["run", "examples/questions.jsonl"]);
    const { out, results } = workspace([]);
    const given = args
      .map((arg) => (arg === "results.jsonl" ? out : arg))
      .map((arg) => (arg.startsWith("examples/") ? root(arg) : arg));
    const { code, stdout } = await dynscaling(given);
    expect(code).toBe(0);
    expect(stdout).toMatch(/accuracy \d/);
    expect(results()).toHaveLength(
      parseDataset(readFileSync(root("examples/questions.jsonl"), "utf8")).length,
    );
  });

  it("lists every option", () => {
    const fields = [
      "model",
      "extractor",
      "sampler",
      "allocator",
      "uncertainty",
      "voting",
      "unitSamples",
      "seed",
    ];
    const limits = ["samplesPerInput", "totalSamples", "totalOutputTokens", "maxOutputTokensPerSample"];
    for (const option of [...fields, ...limits.map((limit) => `budget.${limit}`)]) {
      expect(readme).toContain(`| \`${option}\` |`);
    }
  });
});

describe("examples/questions.jsonl", () => {
  it("holds questions that the embedded model never saw", () => {
    const questions = ledgerQuestions({ count: 12, seed: 5 });
    const text = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
    expect(readFileSync(root("examples/questions.jsonl"), "utf8")).toBe(text);
  });
});
