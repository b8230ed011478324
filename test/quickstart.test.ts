import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function quickstart(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ["--import", "tsx", "examples/quickstart.ts", ...args], {
    cwd: ROOT,
  });
}

/** Output tokens of a method, from its row of the table. */
function tokensOf(method: string, stdout: string): number {
  const row = stdout.split("\n").find((line) => line.trim().startsWith(method)) ?? "";
  return Number(
    row
      .trim()
      .split(/\s{2,}/)[4]
      ?.replaceAll(",", ""),
  );
}

describe("the quick start", () => {
  it("compares the methods within one budget, in plain lines where there is no terminal", async () => {
    const { stdout, stderr } = await quickstart("--questions", "6", "--tokens-per-question", "600");
    for (const method of ["best of n", "DynScaling", "without chains"]) {
      expect(tokensOf(method, stdout)).toBeLessThanOrEqual(3600);
      expect(tokensOf(method, stdout)).toBeGreaterThan(3600 * 0.9);
    }
    expect(tokensOf("one sample each", stdout)).toBeGreaterThan(0);
    expect(stdout).toContain("Where the budget went");
    expect(stderr).toMatch(/DynScaling +\d+% /);
    expect(stderr).not.toContain("\r");
  });

  it("gives other numbers for another seed", async () => {
    const [one, two] = await Promise.all(
      ["1", "2"].map((seed) =>
        quickstart("--questions", "3", "--tokens-per-question", "400", "--seed", seed),
      ),
    );
    const table = (text = ""): string => text.split("Where the budget went")[1] ?? "";
    expect(table(one?.stdout)).not.toBe("");
    expect(table(one?.stdout)).not.toBe(table(two?.stdout));
  });
});
