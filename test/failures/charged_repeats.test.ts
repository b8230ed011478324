import { AIMessage } from "@langchain/core/messages";
import { expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

it("under a limit in samples, attempts that were repeated and may have been charged are told as reserved", async () => {
  const usage_metadata = { input_tokens: 1, output_tokens: 100, total_tokens: 101 };
  let charged = 0;
  const model = new ScriptedModel(async ({ index, signal }) => {
    if (index % 4 === 0) throw Object.assign(new Error("refused"), { status: 500 });
    charged += 100;
    if (index % 2 === 1) await new Promise((settle) => signal?.addEventListener("abort", settle));
    return new AIMessage({ content: "\\boxed{1}", usage_metadata });
  });
  const prices = { inputUsdPerMillionTokens: 0, outputUsdPerMillionTokens: 10 };
  const scaled = new DynScaling({
    model,
    callTimeoutMs: 200,
    budget: { samplesPerInput: 8, maxOutputTokensPerSample: 100, prices },
    retries: { firstDelayMs: 1, maxDelayMs: 2, maxRetries: 30 },
  });
  const [record] = await scaled.solve(["q"]);
  const { spent, reserved } = record?.budget ?? {};
  expect(spent?.outputTokens).toBe(800);
  expect(reserved?.outputTokens).toBeGreaterThan(0);
  expect((spent?.outputTokens ?? 0) + (reserved?.outputTokens ?? 0)).toBe(charged);
  expect(reserved?.costUsd).toBeCloseTo(((charged - 800) * 10) / 1e6, 12);
});
