import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ledgerQuestions } from "../../src/local/ledger.js";
import { runExample } from "./run_example.js";

/** Lines that an example printed without a complaint. */
async function linesOf(name: string): Promise<string[]> {
  const { code, stdout, stderr } = await runExample(name);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim().split("\n");
}

/** Numbers that the groups of an expression match, line by line; other lines are left out. */
function numbersIn(lines: readonly string[], expression: RegExp): number[][] {
  return lines.flatMap((line) => {
    const found = expression.exec(line);
    return found === null ? [] : [found.slice(1).map(Number)];
  });
}

/** Programs around a table and a figure, not lessons. */
const LONGER = new Set(["quickstart.ts"]);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

// Floating point differs between processors, so the votes may; what they add up to may not.
describe("examples on the embedded model", { timeout: 180_000 }, () => {
  it("chain: answers a dataset through prompt, model and parser", async () => {
    const lines = await linesOf("chain");
    const questions = ledgerQuestions({ count: 4, seed: 3 });
    expect(lines.filter((line) => questions.some(({ question }) => line === question))).toHaveLength(4);
    const answers = numbersIn(lines, /answered (\d+), right is (\d+)$/);
    expect(answers.map(([, right]) => String(right))).toEqual(questions.map(({ answer }) => answer));
    expect(answers.filter(([answered, right]) => answered === right).length).toBeGreaterThanOrEqual(2);
  });

  it("langgraph_node: one budget for the questions in the state, the divided ones to a person", async () => {
    const lines = await linesOf("langgraph_node");
    const votes = numbersIn(lines, /: (\d+) votes of (\d+)$/) as [number, number][];
    expect(votes).toHaveLength(4);
    expect(sum(votes.map(([, samples]) => samples))).toBe(4 * 10);
    // A budget for each question would have given 10 to every one.
    expect(votes.some(([, samples]) => samples !== 10)).toBe(true);
    const questions = ledgerQuestions({ count: 4, seed: 3 }).map(({ question }) => question);
    const divided = questions.filter((_, place) => {
      const [top, samples] = votes[place] as [number, number];
      return 1 - top / samples > 0.3;
    });
    expect(lines.slice(lines.indexOf("For a person to look at:") + 1).filter(Boolean)).toEqual(divided);
  });

  it("custom_parts: only checked responses vote, and they are more often right", async () => {
    const lines = await linesOf("custom_parts");
    const samples = numbersIn(lines, /^right \d+, answered .*\(of (\d+)\)$/).flat();
    expect(samples).toHaveLength(4);
    expect(sum(samples)).toBe(4 * 8);
    const [all, checked] = numbersIn(lines, /: (\d+) of (\d+) are right$/) as [number, number][];
    const [rightOfAll = 0, ofAll = 0] = all ?? [];
    const [rightChecked = 0, ofChecked = 0] = checked ?? [];
    expect(ofAll).toBe(4 * 8);
    expect(ofChecked).toBeLessThan(ofAll);
    expect(rightChecked / ofChecked).toBeGreaterThan(rightOfAll / ofAll);
    const votes = lines.flatMap((line) => [...line.matchAll(/ x(\d+)/g)].map(([, count]) => Number(count)));
    expect(sum(votes)).toBe(ofChecked);
  });

  it("progress: a line for every round, which adds up to the budget", async () => {
    const lines = await linesOf("progress");
    const rounds = numbersIn(lines, /^round (\d+), (\d+) of 32 samples, (\d+) output tokens:/);
    expect(rounds.map(([round]) => round)).toEqual(lines.map((_, place) => place));
    let spent = 0;
    let tokens = 0;
    for (const [place, [, samples = 0, outputTokens = 0]] of rounds.entries()) {
      const given = [...(lines[place] ?? "").matchAll(/ q[1-4] \+(\d+) \(/g)].map(([, pulls]) =>
        Number(pulls),
      );
      expect(given).toHaveLength(place === 0 ? 4 : 1);
      spent += sum(given);
      expect(samples).toBe(spent);
      expect(outputTokens).toBeGreaterThan(tokens);
      tokens = outputTokens;
    }
    expect(spent).toBe(32);
  });
});

describe("every example", () => {
  const shown = readdirSync("examples").filter((file) => file.endsWith(".ts") && !LONGER.has(file));

  it.each(shown)("%s has fewer than 60 lines and says how to run it", (file) => {
    const code = readFileSync(`examples/${file}`, "utf8");
    expect(code.split("\n").length - 1).toBeLessThan(60);
    expect(code).toContain(`npx tsx examples/${file}`);
  });
});
