import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/core/errors.js";
import { FileJournal } from "../../src/journal/index.js";

function newPath(): string {
  return join(mkdtempSync(join(tmpdir(), "dynscaling-journal-")), "night.jsonl");
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function written(path: string, entries: readonly [string, unknown][]): Promise<void> {
  const journal = await FileJournal.open(path);
  await journal.mset(entries.map(([key, value]) => [key, bytes(value)]));
  await journal.close();
}

/** What a journal gives, or why it cannot be opened. */
async function contents(path: string): Promise<Record<string, unknown> | Error> {
  let journal: FileJournal;
  try {
    journal = await FileJournal.open(path);
  } catch (error) {
    return error as Error;
  }
  try {
    const found: [string, unknown][] = [];
    for await (const key of journal.yieldKeys()) {
      const [value] = await journal.mget([key]);
      found.push([key, JSON.parse(new TextDecoder().decode(value))]);
    }
    return Object.fromEntries(found);
  } finally {
    await journal.close();
  }
}

const ENTRIES: [string, unknown][] = [
  ["a-1", { text: "first, with a line\nbreak and é \u2028 \ud83d\ude00" }],
  ["a-2", ["}", '"', "\\", { key: "x", value: "y" }]],
  ["__proto__", { polluted: true }],
  ["a-3", "last"],
];

describe("a journal in a file", () => {
  it("gives back what was put in, in this process and in the next", async () => {
    const path = newPath();
    const journal = await FileJournal.open(path);
    await Promise.all(ENTRIES.map(([key, value]) => journal.mset([[key, bytes(value)]])));
    const again = await journal.mget(["a-2", "nothing", "a-1"]);
    expect(again.map((value) => value && JSON.parse(new TextDecoder().decode(value)))).toEqual([
      ENTRIES[1]?.[1],
      undefined,
      ENTRIES[0]?.[1],
    ]);
    await journal.close();
    expect(await contents(path)).toEqual(Object.fromEntries(ENTRIES));
  });

  it("keeps the later of two entries with one key, and lists keys by prefix", async () => {
    const path = newPath();
    await written(path, [
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ]);
    const journal = await FileJournal.open(path);
    expect(new TextDecoder().decode((await journal.mget(["a"]))[0])).toBe("3");
    const keys: string[] = [];
    for await (const key of journal.yieldKeys("b")) keys.push(key);
    expect(keys).toEqual(["b"]);
    await journal.close();
  });

  it("holds a megabyte in one entry, and many entries beyond what is read at once", async () => {
    const path = newPath();
    const big = "é".repeat(1 << 20);
    const entries = Array.from({ length: 300 }, (_, n): [string, unknown] => [`k${n}`, n === 7 ? big : n]);
    await written(path, entries);
    expect(await contents(path)).toEqual(Object.fromEntries(entries));
  });

  it("leaves no file behind if nothing was put in", async () => {
    const path = newPath();
    await (await FileJournal.open(path)).close();
    expect(existsSync(path)).toBe(false);
  });

  it("takes nothing more once it is closed", async () => {
    const path = newPath();
    const journal = await FileJournal.open(path);
    await journal.mset([["a", bytes(1)]]);
    await journal.close();
    await expect(journal.mset([["b", bytes(2)]])).rejects.toThrow(/is closed/);
    expect(await contents(path)).toEqual({ a: 1 });
  });
});

describe("a journal file that is damaged", () => {
  it("loses the last line if that was cut short, and nothing else, wherever it was cut", async () => {
    const path = newPath();
    await written(path, [
      ["a", 1],
      ["b", "zwölf ".repeat(9)],
    ]);
    const whole = readFileSync(path);
    const lines = whole.toString().split("\n");
    const second = Buffer.byteLength(`${lines.slice(0, 2).join("\n")}\n`);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await contents(path), `cut to ${length} bytes`).toEqual(length < second ? {} : { a: 1 });
      if (length % 8 !== 0) continue;
      await written(path, [["c", 3]]);
      expect(await contents(path)).toEqual({ ...(length >= second && { a: 1 }), c: 3 });
    }
  });

  it.each([
    ["text", "not json at all", 3],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0x22]), 3],
    ["another object", '{"key":"b"}', 3],
    ["an entry with spaces, which it never writes", '{ "key": "b", "value": 1 }', 3],
    ["an empty line", "", 3],
  ])("is refused, with the number of the line that holds %s", async (_what, line, number) => {
    const path = newPath();
    await written(path, [["a", 1]]);
    appendFileSync(path, Buffer.concat([Buffer.from(line as string), Buffer.from("\n")]));
    appendFileSync(path, '{"key":"z","value":1}\n');
    const before = readFileSync(path);
    const error = await contents(path);
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toContain(`Line ${number} is damaged`);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(path, ".."))).toEqual(["night.jsonl"]);
  });

  it.each(["paid for", "paid for\n", '{"method":"dynscaling"}\n'])(
    "is refused, and left alone, if it is no journal: %j",
    async (text) => {
      const path = newPath();
      writeFileSync(path, text);
      expect(await contents(path)).toMatchObject({ message: expect.stringContaining("is no journal") });
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  it("never makes it crash, nor give what was not put in, whatever bytes are cut, changed or added", async () => {
    const path = newPath();
    await written(path, ENTRIES);
    const whole = readFileSync(path);
    const known = new Map(ENTRIES.map(([key, value]) => [key, JSON.stringify(value)]));
    const position = fc.nat({ max: whole.length });
    const damage = fc.oneof(
      fc.record({ at: position, cut: fc.nat({ max: 40 }), put: fc.constant(new Uint8Array()) }),
      fc.record({ at: position, cut: fc.nat({ max: 3 }), put: fc.uint8Array({ maxLength: 4 }) }),
    );
    const outcomes = { opened: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        let bytesNow: Uint8Array = whole;
        for (const { at, cut, put } of damages) {
          bytesNow = Buffer.concat([bytesNow.subarray(0, at), put, bytesNow.subarray(at + cut)]);
        }
        writeFileSync(path, bytesNow);
        const found = await contents(path);
        if (found instanceof OptionError && /Line \d+ is damaged|is no journal/.test(found.message)) {
          outcomes.refused += 1;
          return;
        }
        expect(found).not.toBeInstanceOf(Error);
        outcomes.opened += 1;
        // A change inside a text cannot be told: at most one entry for each is another one.
        const entries = Object.entries(found);
        const same = entries.filter(([key, value]) => known.get(key) === JSON.stringify(value));
        expect(same.length).toBeGreaterThanOrEqual(entries.length - damages.length);
      }),
      { numRuns: Number(process.env["JOURNAL_FUZZ_RUNS"] ?? 400), seed: 11 },
    );
    expect(outcomes.opened).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(20);
  });
});

describe("a journal file that is open", () => {
  it("is refused to another process, to this one, and by any other name", async () => {
    const path = newPath();
    const journal = await FileJournal.open(path);
    await expect(FileJournal.open(path)).rejects.toThrow(/journal: got .*Another process adds to/);
    await expect(FileJournal.open(join(path, "..", ".", "night.jsonl"))).rejects.toThrow(OptionError);
    const lock = readFileSync(`${path}.lock`, "utf8");
    expect(lock).toMatch(new RegExp(`^${process.pid} ${hostname()}( |$)`));
    await journal.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it("can be had once the process that held it was killed, but not from another machine", async () => {
    const path = newPath();
    await written(path, [["a", 1]]);
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(`${path}.lock`, `${pid} ${hostname()}`);
    expect(await contents(path)).toEqual({ a: 1 });
    writeFileSync(`${path}.lock`, `${pid} elsewhere`);
    expect(await contents(path)).toBeInstanceOf(OptionError);
  });

  it("says so if its folder is missing", async () => {
    await expect(FileJournal.open(join(newPath(), "missing", "night.jsonl"))).rejects.toThrow(
      /journal: got .*Name a file that can be written/,
    );
  });
});
