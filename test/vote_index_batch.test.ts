import { describe, expect, it } from "vitest";
import { voteIndex, voteIndexOf } from "../src/allocators/vote_index.js";
import { DynScaling } from "../src/index.js";
import type { DynScalingFields, InputRecord, RoundEvent, Schedule } from "../src/index.js";
import { independent } from "../src/samplers/index.js";
import { RunCollector } from "./support/run_collector.js";
import { ScriptedModel } from "./support/scripted_model.js";

const QUESTIONS = ["clear?", "torn?", "hopeless?"];

/** Agrees on the first, is torn between two on the second, and never says the same about the third. */
function openModel(): ScriptedModel {
  const asked = new Map<string, number>();
  return new ScriptedModel(({ question }) => {
    const count = asked.get(question) ?? 0;
    asked.set(question, count + 1);
    if (question === "clear?") return "\\boxed{1}";
    return `\\boxed{${question === "torn?" ? count % 2 : count}}`;
  });
}

function scaledWith(fields: Partial<DynScalingFields>): DynScaling {
  return new DynScaling({
    model: openModel(),
    budget: { samplesPerInput: 8 },
    sampler: independent(),
    allocator: voteIndex(),
    unitSamples: 1,
    ...fields,
  });
}

/** The index of each unit by the answers that were there when it was granted, from the record alone. */
function explained({ rounds, responses }: InputRecord): (number | null)[] {
  return rounds.map(({ round }) => {
    const before = responses.filter((sample) => sample.round < round).map(({ answer }) => answer);
    const counts = [...new Set(before)].map((answer) => before.filter((each) => each === answer).length);
    const [first = 0, second = 0] = counts.toSorted((a, b) => b - a);
    return round === 0 ? null : voteIndexOf({ first, second, total: before.length });
  });
}

describe.each<Schedule>(["rounds", "continuous"])("with the vote index, in %s,", (schedule) => {
  it("the record tells the index that won each sample, so that it can be asked why", async () => {
    const records = await scaledWith({ schedule }).solve(QUESTIONS, { maxConcurrency: 1 });
    const samples = records.map((record) => record.samples);
    expect(Math.max(...samples)).toBe(samples[1]);
    for (const record of records)
      expect(record.rounds.map(({ priority }) => priority)).toEqual(explained(record));
  });

  it("the trace and the events of a round tell the same", async () => {
    const collector = new RunCollector();
    const events: RoundEvent[] = [];
    const listener = {
      handleCustomEvent: (_name: string, event: RoundEvent): void => void events.push(event),
    };
    const callbacks = [collector, listener];
    const records = await scaledWith({ schedule }).solve(QUESTIONS, { maxConcurrency: 1, callbacks });
    const told = records.flatMap(({ rounds }) => rounds.map(({ priority }) => priority)).toSorted();
    expect(events.map(({ priority }) => priority).toSorted()).toEqual(told);
    const traced = collector.runs.flatMap(({ ends }) =>
      ends.flatMap(({ output }) =>
        typeof output === "object" && output !== null && "priority" in output ? [output.priority] : [],
      ),
    );
    expect(traced.toSorted()).toEqual(told);
  });

  it("a batch whose questions are all below the price hands the rest of its budget back, and says so", async () => {
    const allocator = voteIndex({ price: 0.002, maxSamples: 12 });
    const records = await scaledWith({ schedule, allocator, budget: { samplesPerInput: 20 } }).solve(
      QUESTIONS,
      { maxConcurrency: 1 },
    );
    expect(records.map(({ stopReason }) => stopReason)).toEqual(
      records.map(({ samples }) => (samples < 12 ? "settled" : "samples")),
    );
    expect(new Set(records.map(({ stopReason }) => stopReason)).size).toBe(2);
    const { planned, spent } = (records[0] as InputRecord).budget;
    expect(planned.samples).toBe(60);
    expect(spent.samples).toBe(records.reduce((sum, { samples }) => sum + samples, 0));
    // The clear one: 3 agreeing votes are worth 0.00135.
    expect(records[0]?.samples).toBe(3);
    expect(spent.samples).toBeLessThan(60);
  });
});
