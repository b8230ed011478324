import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { evaluateCommand } from "../../src/cli/eval.js";
import { parseMethods } from "../../src/cli/methods.js";
import { poolWarning } from "../../src/cli/pool_warning.js";
import { ScriptedModel } from "../support/scripted_model.js";
import { workspace } from "./command.js";

vi.mock("../../src/cli/models.js", async (original) => ({
  ...(await original<object>()),
  openModel: () => Promise.resolve(new ScriptedModel()),
}));

const warningOf = (methods: string, there: readonly string[] = []): string | null =>
  poolWarning(
    parseMethods(methods),
    there.map((method) => ({ method })),
  );

describe("a pool with samples of a stopping rule", () => {
  it.each(["adaptiveConsistency", "earlyStopping", "selfConsistency+voteIndex+price=0.01+unit=1"])(
    "is warned of for %s",
    (name) => {
      expect(warningOf(`selfConsistency,${name}`)).toContain(`--pool: ${name} stops at questions`);
    },
  );

  it("is warned of where the rule recorded earlier runs of the file", () => {
    expect(warningOf("selfConsistency", ["mine", "earlyStopping"])).toContain("--pool: earlyStopping stops");
  });

  it("is warned of for none that asks on whatever the answers say, or stops at a number of samples", () => {
    expect(
      warningOf("dynscaling,selfConsistency,selfConsistency+leaderDoubt,selfConsistency+voteIndex"),
    ).toBeNull();
    expect(warningOf("selfConsistency", ["mine"])).toBeNull();
  });

  it.each([
    ["earlyStopping", true],
    ["selfConsistency", false],
  ])("makes dynscaling eval warn for %s: %s, and write the pool", async (method, warns) => {
    const { questions, out } = workspace(['{"id": "q", "question": "1 + 1?", "answer": "2"}']);
    const pool = join(dirname(questions), "pool.jsonl");
    let said = "";
    const stdout = { write: () => true };
    const terminal = {
      stdout,
      stderr: { write: (text: string) => (said += text) },
      signal: new AbortController().signal,
    };
    const args = [questions, "--runs", out, "--methods", method, "--budgets", "2", "--pool", pool];
    expect(await evaluateCommand(args, terminal as never)).toBe(0);
    expect(said.includes("biased selection")).toBe(warns);
    expect(readFileSync(pool, "utf8")).toContain('"samples"');
  });
});
