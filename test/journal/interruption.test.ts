import { InMemoryStore } from "@langchain/core/stores";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { InputRecord } from "../../src/index.js";
import { CountedAnswers } from "../support/counted_answers.js";
import { ScriptedModel } from "../support/scripted_model.js";

const QUESTIONS = ["Why is it so?", "And why not?", "Who knows?", "And why not?"];
const SAMPLES = 48;

/** A model whose answers depend on what it was asked, and how often; each takes some turns of the loop. */
class Service {
  readonly model: ScriptedModel;
  readonly #answers = new CountedAnswers();
  /** Called as each call arrives. */
  onCall: () => void = () => {};

  constructor(turns: (index: number) => number) {
    this.model = new ScriptedModel(async ({ index, messages }) => {
      // Taken at once, so that it depends on the order of calls alone.
      const text = this.#answers.next(JSON.stringify(messages.map((message) => message.text)));
      this.onCall();
      for (let left = turns(index); left > 0; left--) await new Promise(setImmediate);
      return text;
    });
  }

  /** Answers that nobody kept are given again. */
  async takeBackLost(store: InMemoryStore<Uint8Array>): Promise<void> {
    let recorded = "";
    for await (const key of store.yieldKeys()) {
      const [value] = await store.mget([key]);
      recorded += new TextDecoder().decode(value);
    }
    this.#answers.keepOnly(recorded);
  }
}

function decisions(records: readonly InputRecord[]): unknown {
  return records.map(({ answer, votes, rounds, responses, message }) => ({
    content: message?.content,
    answer,
    votes,
    rounds,
    responses: responses.map(({ text, stage, parents, round }) => ({ text, stage, parents, round })),
  }));
}

describe("a batch that is cut short again and again", () => {
  it("comes to the decisions of one that never was, and pays twice at most for what was in flight", async () => {
    const cut = fc.record({ after: fc.integer({ min: 1, max: SAMPLES }), retried: fc.boolean() });
    const setting = fc.record({
      cuts: fc.array(cut, { minLength: 1, maxLength: 5 }),
      maxConcurrency: fc.integer({ min: 1, max: 8 }),
      seed: fc.integer({ min: 0, max: 1000 }),
      turns: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(setting, async ({ cuts, maxConcurrency, seed, turns }) => {
        const turnsOf = (index: number): number => turns[index % turns.length] as number;
        // Who gets a unit does not depend on what has come back by then.
        const schedule = "rounds" as const;
        const options = { seed, schedule, budget: { samplesPerInput: SAMPLES / QUESTIONS.length } };
        const whole = new DynScaling({ model: new Service(turnsOf).model, ...options });
        const expected = await whole.solve(QUESTIONS, { maxConcurrency });

        const store = new InMemoryStore<Uint8Array>();
        const service = new Service(turnsOf);
        const scaled = new DynScaling({ model: service.model, journal: store, ...options });
        for (const { after, retried } of cuts) {
          const stop = new AbortController();
          const until = service.model.calls.length + after;
          service.onCall = () => service.model.calls.length >= until && stop.abort(new Error("cut"));
          const attempt = retried
            ? scaled.batch(QUESTIONS, { signal: stop.signal, maxConcurrency }).catch(() => {})
            : scaled.solve(QUESTIONS, { signal: stop.signal, maxConcurrency });
          await attempt;
          await service.takeBackLost(store);
        }
        service.onCall = () => {};
        const records = await scaled.solve(QUESTIONS, { maxConcurrency });
        expect(decisions(records)).toEqual(decisions(expected));
        expect(service.model.calls.length).toBeLessThanOrEqual(SAMPLES + cuts.length * maxConcurrency);
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});
