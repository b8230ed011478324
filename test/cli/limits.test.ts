import { afterEach, describe, expect, it } from "vitest";
import { CUT_MARK } from "../../src/prompts/cut_thought.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer, Respond } from "../support/protocol_server.js";
import { dynscaling, workspace } from "./command.js";
import type { Finished } from "./command.js";
import { CALLS, evalSpace } from "./eval_server.js";

interface Line {
  stopReason: string;
  samples: number;
  failures: { kind: string; count: number }[];
}

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

/** Asks two questions of a model behind OpenAI's protocol. */
async function ask(respond: Respond, args: string[]): Promise<Finished & { lines: Line[] }> {
  server = await serveOpenAI(respond);
  const { questions, out, results } = workspace(['{"question": "One?"}', '{"question": "Two?"}']);
  const command = ["run", questions, "--out", out, "--model", "openai:gpt-4.1-mini", ...args];
  const finished = await dynscaling(command, {
    env: { OPENAI_API_KEY: "test", TEST_OPENAI_URL: server.url },
  });
  return { ...finished, lines: results() as Line[] };
}

const prices = ["--input-price", "5", "--output-price", "25"];
/** What a call is charged: 100 tokens in, 20 out. */
const EACH = (100 * 5 + 20 * 25) / 1e6;
const reply = { text: "The answer is 5.", usage: { input: 100, output: 20 } };

describe("dynscaling run with a limit in dollars", () => {
  it("never spends more, goes as near as the worst case of a call, and says what it cost", async () => {
    const limit = ["--total-cost-usd", "0.02", ...prices, "--max-output-tokens", "30", "--unit", "2"];
    const { code, stdout, stderr, lines } = await ask(() => reply, limit);
    const spent = EACH * (server?.requests.length ?? 0);
    expect(code).toBe(0);
    expect(spent).toBeLessThanOrEqual(0.02);
    expect(spent).toBeGreaterThan(0.015);
    expect(stdout).toContain(` output tokens, $${spent.toPrecision(3)}, `);
    expect(lines.map(({ stopReason }) => stopReason)).toEqual(["cost", "cost"]);
    expect(stderr).toContain(`${Math.round((100 * spent) / 0.02)}%`);
  });

  it("only shows the cost where there are prices and no limit", async () => {
    const { stdout, lines } = await ask(() => reply, [...prices, "--budget", "3"]);
    expect(lines.map(({ samples }) => samples)).toEqual([3, 3]);
    expect(stdout).toContain(`120 output tokens, $${(6 * EACH).toPrecision(3)}, `);
  });

  it("says what calls without an outcome may have cost", async () => {
    const limit = ["--total-cost-usd", "1", ...prices, "--max-output-tokens", "30", "--budget", "2"];
    const broken = ({ index }: { index: number }): typeof reply & { broken: boolean } => ({
      ...reply,
      broken: index === 0,
    });
    const { stdout } = await ask(broken, limit);
    expect(stdout).toMatch(/, \$0\.00400 and at most \$0\.0\d+ for calls without an outcome, /);
  });
});

describe("dynscaling run on a service that fails", () => {
  it.each([0, 1])("repeats a call as often as --max-retries %i says, and its client never", async (times) => {
    const down = { status: 500, text: "down" };
    const { code, stdout } = await ask(() => down, ["--max-retries", String(times), "--budget", "4"]);
    expect(code).toBe(1);
    expect(stdout).toContain("2 questions got no response");
    // An input is given up after four failed calls.
    expect(server?.requests).toHaveLength(2 * 4 * (1 + times));
  });

  it("ends a call at --call-timeout-ms, and asks for its sample again", async () => {
    const silent: Respond = ({ index }) => (index === 1 ? new Promise(() => {}) : reply);
    const { code, lines } = await ask(silent, ["--call-timeout-ms", "3000", "--budget", "4", "--unit", "2"]);
    expect(code).toBe(0);
    expect(lines.reduce((sum, { samples }) => sum + samples, 0)).toBe(8);
    expect(server?.requests).toHaveLength(9);
    expect(server?.abandoned()).toBe(1);
  });
});

describe("dynscaling run with --max-thought-tokens", () => {
  it("quotes no more than the end of each response", async () => {
    const long: Respond = () => `${"prelude ".repeat(40)}the end is 5.`;
    const { code } = await ask(long, ["--max-thought-tokens", "13", "--budget", "4", "--unit", "4"]);
    expect(code).toBe(0);
    const chains = server?.requests.map(({ turns }) => turns.map(({ text }) => text).join("\n")) ?? [];
    const quoting = chains.filter((text) => text.includes("the end is 5."));
    expect(quoting).toHaveLength(4);
    for (const text of quoting) {
      expect(text).toContain(`${CUT_MARK}the end is 5.`);
      expect(text).not.toContain("prelude");
    }
  });
});

describe("dynscaling eval on a service that fails", () => {
  it("repeats calls as --max-retries says, and ends them at --call-timeout-ms", async () => {
    const space = await evalSpace(({ index }) => (index === 2 ? new Promise(() => {}) : "The answer is 2."));
    server = space.server;
    const { code } = await space.start(["--max-retries", "1", "--call-timeout-ms", "3000"]).finished;
    expect(code).toBe(0);
    expect(space.server.requests).toHaveLength(CALLS + 1);
    expect(space.server.abandoned()).toBe(1);
    expect(space.lines()[0]?.questions.flatMap(({ samples }) => samples)).toHaveLength(CALLS);
  });
});
