/**
 * Input tokens on the wire, where one request brings several responses (`n` of OpenAI's
 * client), over those of one call per sample: the same budget, a local server that speaks
 * OpenAI's protocol, one token for four characters.
 *
 *   npm run build && npx tsx examples/bench/prompts.ts [--inputs 50] [--samples 8] [--n 4]
 */
import { parseArgs } from "node:util";
import { DynScaling } from "langchain-dynscaling";
import { ChatOpenAI } from "@langchain/openai";
import { independent } from "langchain-dynscaling/samplers";
import type { Sampler } from "langchain-dynscaling";
import { serveOpenAI } from "../../test/support/openai_server.js";
import { report } from "./report.js";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "50" },
    samples: { type: "string", default: "8" },
    n: { type: "string", default: "4" },
  },
});
const questions = Array.from({ length: Number(values.inputs) }, (_, index) =>
  `Question ${index}: what is the sum of the first ${index} odd numbers? `.repeat(10),
);

/** Tokens that the server counted, and those that the records say were saved. */
async function inputTokens(n: number, sampler?: Sampler<never>): Promise<{ paid: number; saved: number }> {
  let paid = 0;
  const server = await serveOpenAI(({ index, body, choices }) => {
    const input = Math.ceil(JSON.stringify(body["messages"]).length / 4);
    paid += input;
    const said = (choice: number): string => `${"Step by step. ".repeat(20)}\\boxed{${(index + choice) % 3}}`;
    return Array.from({ length: choices }, (_, choice) => ({
      text: said(choice),
      usage: { input, output: 80 },
    }));
  });
  const configuration = { baseURL: `${server.url}/v1` };
  const model = new ChatOpenAI({ model: "gpt-test", apiKey: "none", n, configuration, maxRetries: 0 });
  const budget = { samplesPerInput: Number(values.samples) };
  const scaled = new DynScaling({ model, budget, ...(sampler && { sampler }) });
  const records = await scaled.solve(questions, { maxConcurrency: 16 });
  await server.close();
  return { paid, saved: records.reduce((sum, { savedInputTokens }) => sum + (savedInputTokens ?? 0), 0) };
}

const n = Number(values.n);
for (const [name, sampler] of [
  ["parallel samples", independent()],
  ["the default method", undefined],
] as const) {
  const one = await inputTokens(1, sampler);
  const several = await inputTokens(n, sampler);
  report({
    name: `input tokens with n: ${n} over one call per sample, ${name}`,
    target: { atMost: 1 / n + 0.005 },
    values: [several.paid / one.paid],
  });
  const stated = several.paid / (several.paid + several.saved);
  console.log(`  ${several.paid} over ${one.paid} tokens; by the records ${stated.toFixed(3)}`);
}
