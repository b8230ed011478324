import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { DynScaling } from "../src/index.js";
import type { SharedFields } from "../src/index.js";
import { ScriptedModel } from "./support/scripted_model.js";
import type { ScriptedCall } from "./support/scripted_model.js";

function sharedOf(
  say: ConstructorParameters<typeof ScriptedModel>[0],
  fields: SharedFields = {},
): ReturnType<DynScaling["shared"]> {
  const budget = { samplesPerInput: 16, maxOutputTokensPerSample: 10 };
  return new DynScaling({ model: new ScriptedModel(say), budget, retries: { maxRetries: 0 } }).shared(fields);
}

const refusedWith = (status: number): Error => Object.assign(new Error("refused"), { status });
const torn = ({ index }: ScriptedCall): string => `\\boxed{${index % 2}}`;

async function failEach(shared: ReturnType<typeof sharedOf>, count: number): Promise<void> {
  for (let place = 0; place < count; place++)
    await expect(shared.invoke(`q${place}`)).rejects.toBeInstanceOf(Error);
}

describe("questions without an answer", () => {
  it.each([400, 401])("that paid for nothing (status %i) leave the price as it was", async (status) => {
    const shared = sharedOf(() => refusedWith(status));
    const { price } = shared.spend;
    await failEach(shared, 30);
    expect(shared.spend).toEqual({
      inputs: 0,
      failedInputs: 30,
      samples: 0,
      outputTokens: expect.anything(),
      price,
    });
  });

  it("for want of room in the total leave the price as it was, and are counted as such", async () => {
    const shared = sharedOf(torn, { samplesPerInput: 4, totalSamples: 4 });
    await shared.invoke("first");
    const { price } = shared.spend;
    await failEach(shared, 30);
    expect(shared.spend).toMatchObject({ inputs: 1, failedInputs: 30, price });
  });

  it("whose calls were paid for count with what they cost: unreadable to all, they raise the price", async () => {
    const paid = new AIMessage({
      content: "",
      usage_metadata: { input_tokens: 1, output_tokens: 10, total_tokens: 11 },
    });
    const shared = sharedOf(() => paid, { samplesPerInput: 2, maxSamplesPerInput: 4 });
    const { price } = shared.spend;
    await expect(shared.invoke("q")).rejects.toThrow(/no text/);
    expect(shared.spend).toMatchObject({ inputs: 0, failedInputs: 1, samples: 4 });
    expect(shared.spend.price).toBeCloseTo(price * Math.exp(0.12 * (4 / 2 - 1)), 12);
  });

  it.each(["abort", "timeout"] as const)("for an %s count with what they paid for", async (kind) => {
    const stop = new AbortController();
    const shared = sharedOf(async ({ index, signal }) => {
      if (index < 12) return `\\boxed{${index % 2}}`;
      if (kind === "abort") stop.abort(new Error("enough"));
      return new Promise<Error>((_, reject) => {
        const abort = (): void => reject(signal?.reason as Error);
        if (signal?.aborted) abort();
        else signal?.addEventListener("abort", abort);
      });
    });
    const { price } = shared.spend;
    const asked = shared.invoke("torn", kind === "abort" ? { signal: stop.signal } : { timeout: 2000 });
    const [outcome] = await Promise.allSettled([asked]);
    expect(outcome.status).toBe(kind === "abort" ? "rejected" : "fulfilled");
    expect(shared.spend).toMatchObject({
      samples: 12,
      inputs: kind === "abort" ? 0 : 1,
      failedInputs: kind === "abort" ? 1 : 0,
    });
    expect(shared.spend.price).toBeCloseTo(price * Math.exp(0.12 * (12 / 8 - 1)), 12);
  });
});
