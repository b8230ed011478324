import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import type { Reservation } from "../src/core/account.js";
import { OptionError } from "../src/core/errors.js";
import { DynScaling } from "../src/index.js";
import type { SharedFields } from "../src/index.js";
import { WaitingLine } from "../src/langchain/waiting_line.js";
import type { Caller } from "../src/langchain/waiting_line.js";
import { ScriptedModel } from "./support/scripted_model.js";

function answer(tokens = 10): AIMessage {
  const usage_metadata = { input_tokens: 1, output_tokens: tokens, total_tokens: 1 + tokens };
  return new AIMessage({ content: "\\boxed{1}", usage_metadata });
}

function sharedOf(
  model: ScriptedModel,
  fields: SharedFields,
  worst: number | undefined = 100,
): ReturnType<DynScaling["shared"]> {
  const budget = { samplesPerInput: 16, ...(worst !== undefined && { maxOutputTokensPerSample: worst }) };
  return new DynScaling({ model, budget }).shared(fields);
}

const questions = (count: number): string[] => Array.from({ length: count }, (_, place) => `q${place}`);

/** Resolves with the next turn of the event loop: all that can go on by then has gone on. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("questions that come in a burst", () => {
  it("wait for room beside the worst cases in flight, and are all answered", async () => {
    const model = new ScriptedModel(async () => {
      await nextTurn();
      return answer();
    });
    const shared = sharedOf(model, { samplesPerInput: 3, totalOutputTokens: 1000 });
    await Promise.all(questions(30).map((question) => shared.invoke(question)));
    expect(shared.spend.inputs).toBe(30);
    expect(model.peak).toBe(10);
    expect(shared.spend.outputTokens).toBeLessThanOrEqual(1000);
  });

  it("wait too where the output limit is unknown, and one call has to tell first", async () => {
    const model = new ScriptedModel(() => answer());
    const budget = { samplesPerInput: 16 };
    const shared = new DynScaling({ model, budget }).shared({ totalOutputTokens: 100_000 });
    await Promise.all(questions(5).map((question) => shared.invoke(question)));
    expect(shared.spend.inputs).toBe(5);
  });

  it("with units of several samples take what there is, and none waits with a call in hand", async () => {
    const model = new ScriptedModel(async () => {
      await nextTurn();
      return answer(20);
    });
    const fields = { samplesPerInput: 4, unitSamples: 4, maxSamplesPerInput: 4, totalOutputTokens: 350 };
    const shared = sharedOf(model, fields);
    const all = await Promise.all(questions(3).map((question) => shared.solve(question)));
    expect(all.map(({ samples }) => samples)).toEqual([4, 4, 4]);
    expect(model.peak).toBe(3);
  });

  it("never have more than the total of samples booked, also while a call is back and not booked yet", async () => {
    const model = new ScriptedModel(() => answer());
    const shared = sharedOf(model, { totalSamples: 20 });
    await Promise.allSettled(questions(40).map((question) => shared.invoke(question)));
    expect(model.calls.length).toBe(20);
    expect(shared.spend.samples).toBe(20);
  });

  it("are refused when nothing in flight can make room any more, with the option and what is left", async () => {
    const model = new ScriptedModel(async () => {
      await nextTurn();
      return answer(100);
    });
    const shared = sharedOf(model, { totalOutputTokens: 250 });
    const outcomes = await Promise.allSettled(questions(5).map((question) => shared.invoke(question)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refused).toHaveLength(3);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(OptionError);
      expect(String(reason)).toMatch(/shared\.totalOutputTokens: got 250\. .*\(50\)/);
    }
    expect(model.calls).toHaveLength(2);
  });

  it("are refused in dollars too where only the prompt does not fit", async () => {
    const prices = { inputUsdPerMillionTokens: 1e6, outputUsdPerMillionTokens: 0 };
    const budget = { samplesPerInput: 4, maxOutputTokensPerSample: 10, prices };
    const shared = new DynScaling({ model: new ScriptedModel(), budget }).shared({ totalCostUsd: 0.5 });
    await expect(shared.invoke("A prompt of some tokens.")).rejects.toThrow(
      /^shared\.totalCostUsd: got 0\.5/,
    );
    await expect(shared.solve("A prompt of some tokens.")).rejects.toThrow(/^shared\.totalCostUsd: got 0\.5/);
  });

  it("hear an abort and a time limit while they wait, and let the next one through", async () => {
    let release: () => void = () => {};
    const model = new ScriptedModel(async ({ index }) => {
      if (index === 0) await new Promise<void>((resolve) => (release = resolve));
      return answer();
    });
    const shared = sharedOf(model, { totalOutputTokens: 150 });
    const stop = new AbortController();
    const first = shared.invoke("first");
    const aborted = shared.invoke("aborted", { signal: stop.signal });
    const late = shared.invoke("late", { timeout: 30 });
    const last = shared.invoke("last");
    stop.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect(late).rejects.toThrow(/timeout/i);
    expect(model.calls).toHaveLength(1);
    release();
    expect((await first).text).toContain("1");
    expect((await last).text).toContain("1");
  });
});

describe("a line of calls that wait", () => {
  /** So many calls may be in flight. */
  function openRoom(room: number): { line: WaitingLine; come: () => Place; back: (place: Place) => void } {
    const line = new WaitingLine();
    const come = (): Place => {
      const place: Place = {
        isHolding: false,
        held: 0,
        take() {
          if (room < 1) return null;
          room -= 1;
          place.held += 1;
          line.setBusy(place, true);
          return { samples: 1, inputTokens: 0, outputTokens: 0, costUsd: 0 };
        },
        mayTake: () => true,
      };
      return place;
    };
    const back = (place: Place): void => {
      room += 1;
      place.held -= 1;
      line.setBusy(place, place.isHolding);
      line.wake();
    };
    return { line, come, back };
  }

  interface Place extends Caller {
    isHolding: boolean;
    held: number;
  }

  it("serves who came first, whoever leaves in between", async () => {
    const { line, come, back } = openRoom(1);
    const served: string[] = [];
    const stop = new AbortController();
    const places = ["a", "b", "c", "d"].map((name) => ({ name, place: come() }));
    for (const { name, place } of places)
      void line
        .enter(place, 0, name === "b" ? stop.signal : undefined)
        .then((granted: Reservation | null) => served.push(granted ? name : `${name} left`));
    await nextTurn();
    expect(served).toEqual(["a"]);
    stop.abort();
    for (const { place } of places.filter(({ name }) => name !== "b")) {
      await nextTurn();
      back(place);
    }
    await nextTurn();
    expect(served).toEqual(["a", "b left", "c", "d"]);
    expect(line.isEmpty).toBe(true);
  });

  it("refuses the last of those who keep from each other what they wait for, instead of standing still", async () => {
    const { line, come } = openRoom(0);
    const holding = [come(), come(), come()];
    for (const place of holding) {
      place.isHolding = true;
      line.setBusy(place, true);
    }
    const outcomes: number[] = [];
    for (const [index, place] of holding.entries())
      void line.enter(place, 0, undefined).then(() => outcomes.push(index));
    await nextTurn();
    expect(outcomes).toEqual([2]);
    expect(line.isEmpty).toBe(false);
  });
});
