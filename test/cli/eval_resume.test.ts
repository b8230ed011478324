import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { CALLS, beside, evalSpace, stalling } from "./eval_server.js";
import type { EvalSpace } from "./eval_server.js";

let open: EvalSpace | undefined;
let release = (): void => undefined;

/** A model that stops answering in the middle of the second of three runs. */
async function stalled(): Promise<EvalSpace> {
  const stall = stalling(CALLS + 3);
  release = stall.release;
  open = await evalSpace(stall.respond);
  return open;
}

afterEach(async () => {
  release();
  await open?.server.close();
  open = undefined;
});

const THREE = ["--seeds", "3"];

describe("dynscaling eval, killed in the middle of the second run,", () => {
  it("has kept the first, and a second start pays only for the other two", async () => {
    const space = await stalled();
    await space.start(THREE).killAt(CALLS + 4, "SIGKILL");
    expect(space.lines().map(({ seed }) => seed)).toEqual([0]);

    release();
    await space.server.idle();
    const before = space.server.requests.length;
    const second = await space.start(THREE).finished;
    expect(second.code).toBe(0);
    expect(space.server.requests.length - before).toBe(2 * CALLS);
    expect(second.stderr).toContain(`2 runs to make, ${2 * CALLS} calls at most`);
    expect(second.stderr).toContain("About 16 calls, 80 output tokens");
    expect(space.lines().map(({ seed }) => seed)).toEqual([0, 1, 2]);
    for (const { questions } of space.lines())
      expect(questions.map(({ samples }) => samples.length)).toEqual([4, 4]);
    expect(readdirSync(space.folder).toSorted()).toEqual(["questions.jsonl", "results.jsonl"]);

    const third = await space.start(THREE).finished;
    expect(third.code).toBe(0);
    expect(third.stderr).toBe("All runs are there already; nothing will be spent.\n");
    expect(third.stdout).toBe(second.stdout);
    expect(space.server.requests.length - before).toBe(2 * CALLS);
  });

  it("takes off a line that was cut short, instead of gluing the next run to it", async () => {
    open = await evalSpace();
    await open.start().finished;
    const [whole] = readFileSync(open.runs, "utf8").split("\n") as [string];
    // In the middle of a letter of several bytes.
    const next = Buffer.from(whole.replace('"seed":0', '"seed":1,"é'));
    appendFileSync(open.runs, next.subarray(0, next.indexOf("é") + 1));
    const before = open.server.requests.length;
    const again = await open.start(THREE).finished;
    expect(again.code).toBe(0);
    expect(open.server.requests.length - before).toBe(2 * CALLS);
    expect(open.lines().map(({ seed }) => seed)).toEqual([0, 1, 2]);
    expect(readFileSync(open.runs, "utf8").split("\n")[0]).toBe(whole);
  });

  it("does not take a file of something else for a line that was cut short", async () => {
    open = await evalSpace();
    writeFileSync(open.runs, "paid for");
    const { code, stderr } = await open.start().finished;
    expect(stderr).toMatch(/^dynscaling: --runs: the last line of .* is no run; name another file\.\n$/);
    expect(code).toBe(2);
    expect(readFileSync(open.runs, "utf8")).toBe("paid for");
    expect(open.server.requests).toHaveLength(0);
    expect(existsSync(`${open.runs}.lock`)).toBe(false);
  });
});

describe("dynscaling eval, stopped with Ctrl-C in the second run,", () => {
  it("keeps and shows the first, writes its pool, and goes on from there", async () => {
    const space = await stalled();
    const pool = ["--pool", beside(space, "pool.jsonl")];
    const { code, stdout } = await space.start([...THREE, ...pool]).killAt(CALLS + 4, "SIGINT");
    expect(code).toBe(130);
    expect(stdout).toMatch(/^selfConsistency\+unit=2 +1 +4 +4\.0 /m);
    expect(space.lines().map(({ seed }) => seed)).toEqual([0]);
    expect(readFileSync(beside(space, "pool.jsonl"), "utf8").split("\n")).toHaveLength(3);

    release();
    await space.server.idle();
    const before = space.server.requests.length;
    expect((await space.start([...THREE, ...pool]).finished).code).toBe(0);
    expect(space.server.requests.length - before).toBe(2 * CALLS);
    const [question] = readFileSync(beside(space, "pool.jsonl"), "utf8").split("\n") as [string];
    expect((JSON.parse(question) as { samples: unknown[] }).samples).toHaveLength(12);
  });

  it("leaves nothing behind if no run was over", async () => {
    const stall = stalling(2);
    release = stall.release;
    open = await evalSpace(stall.respond);
    const { code, stdout } = await open.start().killAt(3, "SIGINT");
    expect(code).toBe(130);
    expect(stdout).toBe("");
    expect(readdirSync(open.folder)).toEqual(["questions.jsonl"]);
  });
});

describe("a lock that a killed process left behind", () => {
  it("does not stand in the way", async () => {
    open = await evalSpace();
    writeFileSync(`${open.runs}.lock`, `99999999 ${hostname()}`);
    expect((await open.start().finished).code).toBe(0);
    expect(readdirSync(open.folder).toSorted()).toEqual(["questions.jsonl", "results.jsonl"]);
  });
});

describe("two processes on one file of runs", () => {
  it("are one too many: the second is refused, and pays for nothing", async () => {
    const space = await stalled();
    const first = space.start(THREE);
    await Promise.race([space.server.arrived(CALLS + 4), first.finished]);
    const before = space.server.requests.length;
    const second = await space.start(THREE).finished;
    expect(second.stderr).toMatch(/^dynscaling: --runs: another process adds to .*results\.jsonl; wait.*\n$/);
    expect(second.code).toBe(2);
    expect(space.server.requests.length).toBe(before);
    // Looking costs nothing and disturbs nobody.
    expect((await space.start([...THREE, "--dry-run"]).finished).stdout).toContain("2 runs to make");
    release();
    expect((await first.finished).code).toBe(0);
    expect(space.lines().map(({ seed }) => seed)).toEqual([0, 1, 2]);
  });

  it("are so as well where the second is on another machine, as far as anyone can tell", async () => {
    open = await evalSpace();
    writeFileSync(`${open.runs}.lock`, "99999999 elsewhere");
    const { code, stderr } = await open.start().finished;
    expect(stderr).toMatch(/If there is none, delete .*results\.jsonl\.lock\.\n$/);
    expect(code).toBe(2);
    expect(open.server.requests).toHaveLength(0);
    expect(readdirSync(open.folder).toSorted()).toEqual(["questions.jsonl", "results.jsonl.lock"]);
  });
});
