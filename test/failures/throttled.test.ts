import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields, InputRecord } from "../../src/index.js";
import { openAIClient, question } from "../wire/clients.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelReply, ProtocolServer, Respond } from "../support/protocol_server.js";
import { ScriptedModel } from "../support/scripted_model.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

const tooMany: ModelReply = { status: 429, text: "Rate limit reached." };

async function recordsOf(
  respond: Respond,
  inputs: number,
  fields: Partial<DynScalingFields> = {},
): Promise<InputRecord[]> {
  server = await serveOpenAI(respond);
  const budget = { samplesPerInput: 4 };
  const scaled = new DynScaling({ model: openAIClient(server), budget, ...fields });
  return scaled.solve(Array.from({ length: inputs }, (_, place) => `q${place}`));
}

function requests(): number {
  return server?.requests.length ?? 0;
}

function refusal(more: object): Error {
  return Object.assign(new Error("Slow down."), { status: 429, ...more });
}

describe("a service that carries two calls at a time", () => {
  it("answers 100 inputs without maxConcurrency: no input is lost, no sample fails, few calls are turned away", async () => {
    let now = 0;
    let turnedAway = 0;
    const records = await recordsOf(
      async () => {
        if (now >= 2) {
          turnedAway += 1;
          return tooMany;
        }
        now += 1;
        await new Promise((settle) => setTimeout(settle, 3));
        now -= 1;
        return "\\boxed{1}";
      },
      100,
      { retries: { firstDelayMs: 5, maxDelayMs: 300, maxTotalDelayMs: 20_000 } },
    );
    expect(records.filter(({ message }) => message === null)).toEqual([]);
    expect(records.reduce((sum, { failedSamples }) => sum + failedSamples, 0)).toBe(0);
    expect(requests()).toBe(400 + turnedAway);
    // All of the first wave at once, 200 calls, and then now and then one that tries whether there is more room.
    expect(turnedAway).toBeLessThan(200 + 60);
  });
});

describe("a service that turns everybody away for ever", () => {
  it.each([1, 40])("ends a batch of %i inputs with one error, after the longest delay", async (inputs) => {
    const records = await recordsOf(() => tooMany, inputs, {
      retries: { firstDelayMs: 1, maxDelayMs: 50, maxTotalDelayMs: 300 },
    });
    expect(records.map(({ message }) => message)).toEqual(Array.from({ length: inputs }, () => null));
    expect(new Set(records.map(({ error }) => error)).size).toBe(1);
    expect(records[0]?.error?.message).toMatch(/lets no call succeed.*maxTotalDelayMs \(300\).*Rate limit/s);
    // The pauses are those of all, not of each: about ten storms, each of at most half as many calls.
    expect(requests()).toBeLessThan(2 * inputs * 2 + 60);
  });

  it("does so in the middle, too, and every input keeps the vote over what had arrived", async () => {
    const records = await recordsOf(({ index }) => (index < 12 ? "\\boxed{1}" : tooMany), 2, {
      retries: { firstDelayMs: 1, maxDelayMs: 50, maxTotalDelayMs: 200 },
      budget: { samplesPerInput: 8 },
      unitSamples: 4,
    });
    expect(records.map(({ answer, votes }) => [answer, votes[0]?.count])).toEqual([
      ["1", expect.any(Number)],
      ["1", expect.any(Number)],
    ]);
    expect(records.reduce((sum, { votes }) => sum + (votes[0]?.count ?? 0), 0)).toBe(12);
  });
});

describe("a service that says how long to wait", () => {
  it.each([100, 300, 450])("is waited for where %i of 500 ms are allowed", async (askedMs) => {
    let isOver = false;
    const model = new ScriptedModel(() => {
      if (isOver) return "\\boxed{1}";
      setTimeout(() => (isOver = true), askedMs / 2);
      return refusal({ headers: { "retry-after-ms": String(askedMs) } });
    });
    const retries = { firstDelayMs: 1, maxTotalDelayMs: 500 };
    const [record] = await new DynScaling({ model, retries, budget: { totalSamples: 4 } }).solve(["q"]);
    expect(record).toMatchObject({ answer: "1", failedSamples: 0 });
  });

  it("for longer than anyone waits is asked again by one call after the longest delay", async () => {
    const model = new ScriptedModel(({ index }) =>
      index === 0 ? refusal({ headers: { "retry-after": "7200" } }) : "\\boxed{1}",
    );
    const retries = { firstDelayMs: 1, maxTotalDelayMs: 100 };
    const scaled = new DynScaling({ model, retries, budget: { totalSamples: 1 } });
    await expect(scaled.invoke("q")).rejects.toThrow("Slow down.");
    await expect(scaled.invoke("again")).rejects.toThrow("The call was not sent");
    expect(model.calls).toHaveLength(1);
    await new Promise((settle) => setTimeout(settle, 120));
    const results = await Promise.all(["a", "b", "c"].map((input) => scaled.invoke(input)));
    expect(results.map(({ text }) => text)).toEqual(["\\boxed{1}", "\\boxed{1}", "\\boxed{1}"]);
  });
});

describe("a client that does not hear its signal", () => {
  it("holds nobody up when its call was aborted and never ends", async () => {
    const model = new ScriptedModel(({ index }) =>
      index === 0 ? refusal({}) : index === 1 ? new Promise<string>(() => {}) : "\\boxed{1}",
    );
    const scaled = new DynScaling({ model, retries: { firstDelayMs: 1 }, budget: { totalSamples: 1 } });
    await expect(scaled.invoke("first", { signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
    expect((await scaled.invoke("second")).text).toBe("\\boxed{1}");
    expect(model.calls).toHaveLength(3);
  });
});

describe("a question that is not allowed (403)", () => {
  it("that is moderated disturbs no other, even before anything has succeeded", async () => {
    const flagged = { status: 403, text: "Your input was flagged and the model requires moderation." };
    const records = await recordsOf((request) => (question(request) === "q1" ? flagged : "\\boxed{1}"), 3);
    expect(records.map(({ answer }) => answer)).toEqual(["1", null, "1"]);
    expect(records[1]).toMatchObject({ failures: [{ kind: "refused", count: 4 }] });
  });

  it("without a word why disturbs no other where calls have succeeded, and ends the batch where none has", async () => {
    const odd = { status: 403, text: "No." };
    const late = await recordsOf(({ index }) => (index < 8 ? "\\boxed{1}" : odd), 2, {
      budget: { samplesPerInput: 8 },
      unitSamples: 4,
    });
    expect(late.map(({ stopReason, answer }) => [stopReason, answer])).toEqual([
      ["closed", "1"],
      ["closed", "1"],
    ]);
    expect(late.flatMap(({ failures }) => failures.map(({ kind }) => kind))).not.toContain("fatal");
    const early = await recordsOf(() => odd, 50);
    expect(new Set(early.map(({ error }) => error)).size).toBe(1);
    expect(early.flatMap(({ failures }) => failures.map(({ kind }) => kind))).toContain("fatal");
  });
});
