import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Circuit, circuitOf } from "../../src/langchain/circuit.js";
import type { Passage, Pause } from "../../src/langchain/circuit.js";

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A pause that everybody would wait for. */
const forMs = (askedMs: number): Pause => ({ askedMs, mostMs: 300_000 });

/** Calls that have been let through so far. */
function queue(circuit: Circuit, calls: number, patienceMs = 60_000): Passage[] {
  const through: Passage[] = [];
  for (let call = 0; call < calls; call++) {
    void circuit.enter(never, 0, patienceMs).then((passage) => passage && through.push(passage));
  }
  return through;
}

describe("the circuit of a model", () => {
  it("is one for all that call it, with settings bound to it or not", () => {
    const model = { invoke: () => {} };
    expect(circuitOf({ bound: { bound: model } })).toBe(circuitOf(model));
    expect(circuitOf({})).not.toBe(circuitOf(model));
  });

  it("lets any number through until the service asks to slow down", async () => {
    const circuit = new Circuit();
    const through = queue(circuit, 500);
    await vi.advanceTimersByTimeAsync(0);
    expect([through.length, circuit.window]).toEqual([500, Infinity]);
  });

  it("holds everybody back for the pause, then lets half as many through at a time", async () => {
    const circuit = new Circuit();
    const before = queue(circuit, 16);
    await vi.advanceTimersByTimeAsync(0);
    for (const passage of before) passage.end("slow", forMs(1000));
    const after = queue(circuit, 16);
    await vi.advanceTimersByTimeAsync(999);
    expect(after).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    // One storm of 16 refusals cuts once.
    expect([after.length, circuit.window]).toEqual([8, 8]);
    after[0]?.end("fine");
    await vi.advanceTimersByTimeAsync(0);
    // All were turned away, which does not say how many it carries: a success makes room for two.
    expect(after).toHaveLength(10);
  });

  it("recovers with successes up to where it was too much, stays there for long, and only then tries more", async () => {
    const circuit = new Circuit();
    const before = queue(circuit, 16);
    await vi.advanceTimersByTimeAsync(0);
    before.forEach((passage, place) => (place === 0 ? passage.end("slow", forMs(1)) : passage.end("failed")));
    await vi.advanceTimersByTimeAsync(1);
    let last = circuit.window;
    const successes: number[] = [];
    for (let success = 0; circuit.window < 18; success++) {
      (await circuit.enter(never, 0, 0))?.end("fine");
      expect(circuit.window - last).toBeLessThanOrEqual(1);
      if (circuit.window > last) successes[circuit.window] = success;
      last = circuit.window;
    }
    // One more for each window of successes: 8 + 9 + … + 14 of them.
    expect(successes[15]).toBeGreaterThan(60);
    expect(successes[15]).toBeLessThan(100);
    expect((successes[16] ?? 0) - (successes[15] ?? 0)).toBeGreaterThan(8 * 15);
  });

  it("never lets more through at once than the window, however long the service was fine", async () => {
    const circuit = new Circuit();
    const before = queue(circuit, 100);
    await vi.advanceTimersByTimeAsync(0);
    before.forEach((passage, place) => (place < 98 ? passage.end("slow", forMs(1)) : passage.end("fine")));
    await vi.advanceTimersByTimeAsync(1);
    // It carried two.
    expect(circuit.window).toBe(2);
    for (let success = 0; success < 5; success++) (await circuit.enter(never, 0, 0))?.end("fine");
    const after = queue(circuit, 100);
    await vi.advanceTimersByTimeAsync(0);
    expect(after).toHaveLength(circuit.window);
    expect(after.length).toBeLessThan(10);
  });

  it("asks one call to try when the longest pause that anyone waits is over, whatever the service asked for", async () => {
    const circuit = new Circuit();
    (await circuit.enter(never, 0, 1000))?.end("slow", { askedMs: 7_200_000, mostMs: 1000 });
    await vi.advanceTimersByTimeAsync(999);
    expect(await circuit.enter(never, 0, 1000)).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    const probes = queue(circuit, 4, 1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(probes).toHaveLength(1);
    probes[0]?.end("fine");
    await vi.advanceTimersByTimeAsync(0);
    expect(probes.length).toBeGreaterThan(1);
  });

  it("counts how long no call has succeeded, not how long one has waited for its turn", async () => {
    const circuit = new Circuit();
    const slow = async (): Promise<void> => (await circuit.enter(never, 0, 1000))?.end("slow", forMs(400));
    await slow();
    await vi.advanceTimersByTimeAsync(400);
    await slow();
    await vi.advanceTimersByTimeAsync(400);
    const passage = await circuit.enter(never, 0, 1000);
    passage?.end("fine");
    await slow();
    const waiting = circuit.enter(never, 0, 1000);
    await vi.advanceTimersByTimeAsync(400);
    (await waiting)?.end("slow", forMs(400));
    await vi.advanceTimersByTimeAsync(400);
    // 800 ms without a success, and 400 more.
    await slow();
    expect(await circuit.enter(never, 0, 1000)).toBeNull();
    // A batch that comes now has not waited yet.
    const late = circuit.enter(never, performance.now(), 1000);
    await vi.advanceTimersByTimeAsync(400);
    expect(await late).not.toBeNull();
  });

  it("takes the first end of a call alone", async () => {
    const circuit = new Circuit();
    const passage = await circuit.enter(never, 0, 0);
    passage?.end("failed");
    passage?.end("slow", forMs(1000));
    expect([circuit.pauseMs, circuit.window]).toEqual([0, Infinity]);
  });

  it("is not held up by a system clock that is set back", async () => {
    const circuit = new Circuit();
    (await circuit.enter(never, 0, 0))?.end("slow", forMs(1000));
    vi.setSystemTime(Date.now() - 86_400_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(circuit.pauseMs).toBe(0);
  });

  it("turns away at once whoever would not wait so long, also when the pause grows meanwhile", async () => {
    const circuit = new Circuit();
    const [passage, other] = [await circuit.enter(never, 0, 0), await circuit.enter(never, 0, 0)];
    passage?.end("slow", forMs(50));
    const waiting = circuit.enter(never, 0, 100);
    other?.end("slow", forMs(8 * 3_600_000));
    expect(await waiting).toBeNull();
    expect(await circuit.enter(never, 0, 100)).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets a call through whose pause ends between a look at the clock and the next", async () => {
    const circuit = new Circuit();
    (await circuit.enter(never, 0, 0))?.end("slow", forMs(10));
    const end = performance.now() + 10;
    vi.spyOn(performance, "now")
      .mockReturnValueOnce(end - 1)
      .mockReturnValueOnce(end - 1)
      .mockReturnValue(end);
    const waiting = circuit.enter(never, 0, 100);
    await vi.advanceTimersByTimeAsync(10);
    expect(await Promise.race([waiting, Promise.resolve("nobody")])).not.toBe("nobody");
    vi.restoreAllMocks();
  });

  it("leaves no timer behind when those who wait are aborted, and wakes the next in their place", async () => {
    const circuit = new Circuit();
    const first = (await circuit.enter(never, 0, 0)) as Passage;
    first.end("slow", forMs(1000));
    const stop = new AbortController();
    const aborted = circuit.enter(stop.signal, 0, 60_000);
    expect(vi.getTimerCount()).toBe(1);
    stop.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
  });
});
