import { InMemoryStore } from "@langchain/core/stores";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/allocators/index.js";
import { DynScaling } from "../../src/index.js";
import { CountedAnswers } from "../support/counted_answers.js";
import { ScriptedModel } from "../support/scripted_model.js";

const QUESTIONS = ["Why is it so?", "And why not?", "Who knows?", "And why not?"];

/** A batch of four questions has been paid for; another order of them, or more of them, follows. */
async function paidFor(questions: readonly string[], unitSamples: number): Promise<number> {
  const store = new InMemoryStore<Uint8Array>();
  const answers = new CountedAnswers();
  const model = new ScriptedModel(({ messages }) =>
    answers.next(JSON.stringify(messages.map(({ text }) => text))),
  );
  const fields = { budget: { samplesPerInput: 8 }, unitSamples, allocator: uniform() };
  const scaled = new DynScaling({ model, journal: store, ...fields });
  await scaled.solve(QUESTIONS);
  const before = model.calls.length;
  const records = await scaled.solve([...questions]);
  expect(records.map(({ samples }) => samples)).toEqual(questions.map(() => 8));
  return model.calls.length - before;
}

describe.each([4, 8])("a journal, with units of %i samples,", (unitSamples) => {
  it("pays for nothing when the questions come in another order", async () => {
    expect(await paidFor([...QUESTIONS].toReversed(), unitSamples)).toBe(0);
    expect(await paidFor(["Who knows?", "And why not?", "Why is it so?", "And why not?"], unitSamples)).toBe(
      0,
    );
  });

  it("pays for new questions alone, wherever they stand", async () => {
    expect(await paidFor(["Who else?", ...QUESTIONS], unitSamples)).toBe(8);
    expect(await paidFor([...QUESTIONS.slice(0, 2), "Who else?", ...QUESTIONS.slice(2)], unitSamples)).toBe(
      8,
    );
  });

  it("pays for nothing when questions are left out", async () => {
    expect(await paidFor(QUESTIONS.slice(1), unitSamples)).toBe(0);
  });
});
