import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { randomStreams } from "../../src/core/random.js";
import { DynScaling } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

describe("a batch without rounds that has a journal", () => {
  it.each([8, 64])("pays for nothing when it is started again, with %i calls at a time", async (limit) => {
    const journal = new InMemoryStore<Uint8Array>();
    const random = randomStreams(7)();
    const questions = Array.from({ length: 24 }, (_, place) => String(place));
    const calls: number[] = [];
    for (let start = 0; start < 3; start++) {
      const model = new ScriptedModel(async ({ question }) => {
        // The order in which responses arrive is another at every start.
        await new Promise((settle) => setTimeout(settle, random() * 8));
        return `\\boxed{${Math.floor(random() * (1 + (Number(question) % 4)))}}`;
      });
      const scaled = new DynScaling({ model, journal, schedule: "continuous" });
      await scaled.batch(questions, { maxConcurrency: limit });
      calls.push(model.calls.length);
    }
    expect(calls).toEqual([24 * 16, 0, 0]);
  });
});
