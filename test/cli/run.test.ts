import { describe, expect, it } from "vitest";
import { ledgerQuestions } from "../../src/local/ledger.js";
import { dynscaling, workspace } from "./command.js";

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
