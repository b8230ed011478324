import { describe, expect, it } from "vitest";
import { ledgerQuestions } from "../../src/local/ledger.js";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer, Respond } from "../support/protocol_server.js";
import { dynscaling, workspace } from "./command.js";
import type { Finished } from "./command.js";

interface Line {
  id: string;
  answer: string | null;
  votes: { answer: string; count: number }[];
  samples: number;
  outputTokens: number;
  stopReason: string;
  response: string;
  gold: string;
  correct: boolean;
}

const questions = ledgerQuestions({ count: 4, seed: 11 });
const lines = questions.map((question) => JSON.stringify(question));

describe("dynscaling run on the embedded model", () => {
  it("writes one line per question and a summary, and spends the budget to the last sample", async () => {
    const { questions: file, out, results } = workspace(lines);
    const { code, stdout, stderr } = await dynscaling([
      "run",
      file,
      "--out",
      out,
      "--budget",
      "5",
      "--seed",
      "3",
    ]);
    expect(code).toBe(0);
    const written = results() as Line[];
    expect(written.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    expect(written.reduce((sum, { samples }) => sum + samples, 0)).toBe(20);
    for (const [place, line] of written.entries()) {
      expect(line.gold).toBe(questions[place]?.answer);
      expect(line.correct).toBe(line.answer === line.gold);
      expect(line.votes[0]?.answer).toBe(line.answer);
      expect(line.response).toContain(line.answer);
      expect(line.stopReason).toBe("samples");
    }
    const right = written.filter(({ correct }) => correct).length;
    expect(stdout).toContain("4 questions, 20 samples (0 failed");
    expect(stdout).toContain(`accuracy ${(25 * right).toFixed(1)}%`);
    const tokens = written.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
    expect(stdout).toContain(`${tokens.toLocaleString("en")} output tokens`);
    expect(stderr).toContain("100%  20 samples");
  });

  it("never exceeds a limit in output tokens", async () => {
    const { questions: file, out, results } = workspace(lines);
    const limit = ["--total-output-tokens", "1500", "--max-output-tokens", "128"];
    const { code } = await dynscaling(["run", file, "--out", out, ...limit]);
    expect(code).toBe(0);
    const written = results() as Line[];
    const spent = written.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
    expect(spent).toBeLessThanOrEqual(1500);
    expect(spent).toBeGreaterThan(1500 - 128);
    expect(written.every(({ stopReason }) => stopReason === "outputTokens")).toBe(true);
  });

  it("writes the votes over what arrived when it is stopped", async () => {
    const { questions: file, out, results } = workspace(lines);
    let stopped = false;
    const { code, stdout } = await dynscaling(
      ["run", file, "--out", out, "--budget", "100", "--max-concurrency", "4"],
      {
        onStderr: (text, child) => {
          // Once: a second Ctrl-C ends the command at once, as users expect.
          if (text.includes("10%") && !stopped) stopped = child.kill("SIGINT");
        },
      },
    );
    expect(code).toBe(130);
    const written = results() as Line[];
    expect(written).toHaveLength(4);
    const samples = written.reduce((sum, line) => sum + line.samples, 0);
    expect(samples).toBeGreaterThanOrEqual(40);
    expect(samples).toBeLessThan(400);
    expect(written.every(({ stopReason }) => stopReason === "closed")).toBe(true);
    expect(stdout).toContain("4 questions");
  });
});

describe("dynscaling run on a provider's model", () => {
  const arithmetic = [
    '{"question": "What is 2 + 3?", "answer": "5"}',
    '{"question": "What is 4 + 4?", "answer": "8"}',
  ];
  const settings = [
    "--budget",
    "6",
    "--temperature",
    "0.6",
    "--max-output-tokens",
    "64",
    "--max-concurrency",
    "2",
  ];

  async function askOpenAI(
    respond: Respond,
  ): Promise<Finished & { server: ProtocolServer; written: unknown[] }> {
    const server = await serveOpenAI(respond);
    const { questions: file, out, results } = workspace(arithmetic);
    const env = { OPENAI_API_KEY: "test", TEST_OPENAI_URL: server.url };
    const args = ["run", file, "--out", out, "--model", "openai:gpt-4.1-mini", ...settings];
    const finished = await dynscaling(args, { env });
    await server.close();
    return { ...finished, server, written: results() };
  }

  it("asks ChatOpenAI, with the settings given", async () => {
    const { code, stdout, server, written } = await askOpenAI(({ turns }) => ({
      text: turns[0]?.text.includes("2 + 3") ? "The answer is 5." : "The answer is 9.",
    }));
    expect(code).toBe(0);
    expect(written).toMatchObject([
      { id: "1", answer: "5", correct: true },
      { id: "2", answer: "9", correct: false },
    ]);
    expect(stdout).toContain("accuracy 50.0%");
    expect(server.requests).toHaveLength(12);
    expect(server.peakInFlight()).toBeLessThanOrEqual(2);
    for (const { body } of server.requests)
      expect(body).toMatchObject({ model: "gpt-4.1-mini", temperature: 0.6 });
  });

  it.each([
    ["choice", "Surely.\n**Answer: (B)**", "(B)", "B"],
    ["oneOf:shipping, refund request", "Label: **Refund Request**", "Refund request.", "refund request"],
    ["someOf:urgent,refund", "Labels: refund, urgent", "urgent and refund", '["urgent","refund"]'],
  ])("asks ChatGoogleGenerativeAI, and reads its answers with %s", async (extractor, text, gold, answer) => {
    const server = await serveGemini(() => ({ text }));
    const {
      questions: file,
      out,
      results,
    } = workspace([JSON.stringify({ question: "Which?", answer: gold })]);
    const env = { GOOGLE_API_KEY: "test", TEST_GEMINI_URL: server.url };
    const args = ["--model", "google-genai:gemini-2.5-flash", "--extractor", extractor, ...settings];
    const { code } = await dynscaling(["run", file, "--out", out, ...args], { env });
    await server.close();
    expect(code).toBe(0);
    expect(results()).toMatchObject([{ answer, gold, correct: true, samples: 6 }]);
    expect(server.requests).toHaveLength(6);
  });

  it("says what failed, once, and exits with 1 when a question got no response", async () => {
    const { code, stdout, written } = await askOpenAI(({ turns }) =>
      turns[0]?.text.includes("2 + 3") ? { text: "The answer is 5." } : { status: 400, text: "bad request" },
    );
    expect(code).toBe(1);
    expect(written).toMatchObject([
      { answer: "5" },
      { answer: null, error: expect.stringContaining("bad request") as string },
    ]);
    expect(stdout).toContain("1 questions got no response; the first: 2:");
  });
});
