import {
  appendFileSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileJournal } from "../../src/journal/index.js";

function newPath(): string {
  return join(mkdtempSync(join(tmpdir(), "dynscaling-lock-")), "night.jsonl");
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const LONG_AGO = new Date(Date.now() - 3_600_000);

/** The lock that this process writes, with some of its fields changed. */
async function lockOf(
  changes: Partial<Record<"pid" | "boot" | "namespace" | "start", string>>,
): Promise<string> {
  const path = newPath();
  const journal = await FileJournal.open(path);
  const [pid, host, boot, namespace, start] = readFileSync(`${path}.lock`, "utf8").split(" ");
  await journal.close();
  expect([pid, host]).toEqual([String(process.pid), hostname()]);
  const holder = { pid, boot, namespace, start, ...changes };
  return [holder.pid, host, holder.boot, holder.namespace, holder.start].join(" ");
}

/** Whether a journal can be opened beside such a lock. */
async function opens(lock: string, touched?: Date): Promise<boolean> {
  const path = newPath();
  writeFileSync(`${path}.lock`, lock);
  if (touched) utimesSync(`${path}.lock`, touched, touched);
  return FileJournal.open(path).then(
    async (journal) => {
      await journal.close();
      expect(readdirSync(dirname(path))).toEqual([]);
      return true;
    },
    (error: Error) => {
      expect(error.message).toContain("Another process adds to");
      expect(readFileSync(`${path}.lock`, "utf8")).toBe(lock);
      return false;
    },
  );
}

describe.runIf(process.platform === "linux")("the lock of a journal that was not given back", () => {
  it("is taken over if its machine has started again since, or its number belongs to another process now", async () => {
    expect(await opens(await lockOf({ boot: "another-start" }))).toBe(true);
    expect(await opens(await lockOf({ start: "1" }))).toBe(true);
    expect(await opens(await lockOf({ pid: String(process.ppid) }))).toBe(true);
  });

  it("is respected while its process lives, also one that this process did not open itself", async () => {
    expect(await opens(await lockOf({}))).toBe(false);
  });

  it("of another container is respected while it is touched, and taken over when it has been silent", async () => {
    const lock = await lockOf({ namespace: "pid:[1]", pid: "1" });
    expect(await opens(lock)).toBe(false);
    expect(await opens(lock, LONG_AGO)).toBe(true);
  });

  it("is taken over if it was never written to its end", async () => {
    expect(await opens("", LONG_AGO)).toBe(true);
    expect(await opens("")).toBe(false);
  });
});

describe("a journal file that something else has at the same time", () => {
  it("is refused under a second name, which would have a lock of its own", async () => {
    const path = newPath();
    const first = await FileJournal.open(path);
    await first.mset([["a", bytes(1)]]);
    const other = join(dirname(path), "other.jsonl");
    linkSync(path, other);
    await expect(FileJournal.open(other)).rejects.toThrow("second name (a hard link)");
    await first.close();
    await expect(FileJournal.open(path)).rejects.toThrow("second name (a hard link)");
    rmSync(other);
    const again = await FileJournal.open(path);
    expect(again.size).toBe(1);
    await again.close();
  });

  it.each<[string, (path: string) => void, string[]]>([
    [
      "added to",
      (path: string) => appendFileSync(path, '{"key":"theirs","value":1}\n'),
      ["a", "theirs", "b"],
    ],
    ["deleted", (path: string) => rmSync(path), []],
  ])("takes nothing more once it was %s, and overwrites nothing", async (_what, change, left) => {
    const path = newPath();
    const journal = await FileJournal.open(path);
    await journal.mset([["a", bytes(1)]]);
    change(path);
    await expect(journal.mset([["b", bytes(2)]])).rejects.toThrow("something else changed or deleted it");
    await expect(journal.mset([["c", bytes(3)]])).rejects.toThrow("cannot be written");
    expect((await journal.mget(["a"]))[0]).toEqual(bytes(1));
    await journal.close();
    const again = await FileJournal.open(path);
    const keys: string[] = [];
    for await (const key of again.yieldKeys()) keys.push(key);
    expect(keys).toEqual(left);
    await again.close();
  });
});
