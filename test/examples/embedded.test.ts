import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { poolOfBlocks } from "../../examples/results/embedded/pool.js";
import { planOf, readBlocks, record } from "../../examples/results/embedded/recording.js";
import type { Kind, RecordingPlan } from "../../examples/results/embedded/recording.js";
import { sp1, withoutDynamicAllocation } from "../../src/baselines/index.js";
import { replay } from "../../src/evaluation/index.js";

const SEED = 11;

function plan(kind: Kind, rest: Partial<RecordingPlan> = {}): RecordingPlan {
  const file = join(mkdtempSync(join(tmpdir(), "embedded-")), "blocks.jsonl");
  return { kind, questions: 2, passes: 1, seed: SEED, file, shard: 0, shards: 1, ...rest };
}

describe("recording units of the embedded model", { timeout: 180_000 }, () => {
  it("asks for what is missing, and shares the independent halves of its units", async () => {
    const { file } = plan("guarded");
    await record(plan("guarded", { file, questions: 1 }));
    const first = readFileSync(file, "utf8");
    // What a crash leaves behind.
    appendFileSync(file, '{"id":"ledger-11-');
    expect(readBlocks(file)).toHaveLength(1);
    await record(plan("guarded", { file }));
    await record(plan("sp1", { file }));
    expect(readFileSync(file, "utf8").startsWith(first)).toBe(true);

    const blocks = readBlocks(file);
    expect(blocks.map(({ id, kind, units }) => [id, kind, units.length])).toEqual([
      ["ledger-11-1", "guarded", 4],
      ["ledger-11-2", "guarded", 4],
      ["ledger-11-1", "sp1", 16],
      ["ledger-11-2", "sp1", 16],
    ]);
    const heads = (kind: Kind): string[] =>
      blocks
        .filter((block) => block.kind === kind)
        .flatMap(({ units }) => units.flat().filter(({ stage }) => stage === "parallel"))
        .map(({ text }) => text);
    expect(heads("sp1")).toEqual(heads("guarded"));

    const pool = poolOfBlocks(blocks, ["guarded", "sp1"], SEED);
    expect(pool.map(({ samples }) => samples.length)).toEqual([16, 16]);
    const methods = { even: withoutDynamicAllocation(), sp1: sp1() };
    for (const { questions } of replay({ pool, methods, samplesPerInput: [24] }))
      expect(questions.map(({ samples }) => samples.length)).toEqual([24, 24]);
  });

  it("needs the independent halves that other kinds quote", async () => {
    await expect(record(plan("bare"))).rejects.toThrow("Record this pass of guarded first");
    expect(planOf("bare")).toContain("(bare)");
  });
});
