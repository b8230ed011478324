import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields, InputRecord } from "../../src/index.js";
import * as prompts from "../../src/prompts/index.js";
import type { ChainPrompt, RefinementPrompt } from "../../src/prompts/index.js";
import { independent, integrated, refinement } from "../../src/samplers/index.js";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelRequest, ProtocolServer, Respond } from "../support/protocol_server.js";
import { geminiClient, openAIClient } from "./clients.js";
import { prompt as conversation, questions } from "./conversation.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

/** A stand-in for a tokenizer: one token for four characters of the request's messages. */
const inputOf = ({ body }: ModelRequest): number => Math.ceil(JSON.stringify(body["messages"]).length / 4);

/** As OpenAI does it: what an earlier request began with is in the cache, in steps of 16 tokens. */
function withCache(): Respond {
  const seen: string[] = [];
  return (request) => {
    const own = JSON.stringify(request.body["messages"]);
    const common = Math.max(0, ...seen.map((earlier) => commonStart(earlier, own)));
    seen.push(own);
    const input = inputOf(request);
    return {
      text: `\\boxed{${request.index % 3}}`,
      usage: { input, output: 5, cached: 16 * Math.floor(common / 4 / 16) },
    };
  };
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

async function ask(
  fields: Partial<DynScalingFields>,
  n: number,
  respond: Respond = withCache(),
): Promise<{ records: InputRecord[]; requests: ModelRequest[] }> {
  server = await serveOpenAI(respond);
  const model = openAIClient(server, { n });
  const scaled = new DynScaling({ model, budget: { samplesPerInput: 8 }, ...fields });
  const records = await scaled.solve([
    "Why is the sky blue? ".repeat(30),
    "Where does the wind go at night? ".repeat(30),
  ]);
  const { requests } = server;
  await server.close();
  return { records, requests };
}

const sum = (numbers: readonly (number | null)[]): number =>
  numbers.reduce((total: number, each) => total + (each ?? Number.NaN), 0);

describe("several responses to a request", () => {
  it("pay for its prompt once, and the record says what one call per sample would have cost on top", async () => {
    const { records, requests } = await ask({}, 4);
    const paid = sum(requests.map(inputOf));
    const apart = sum(requests.map((request) => request.choices * inputOf(request)));
    expect(sum(records.map(({ inputTokens }) => inputTokens))).toBe(paid);
    expect(sum(records.map(({ savedInputTokens }) => savedInputTokens))).toBe(apart - paid);
  });

  it("cost what the record says that they saved, where one call per sample is really made", async () => {
    const one = await ask({ sampler: independent() }, 1);
    const four = await ask({ sampler: independent() }, 4);
    const [apart, together] = [sum(one.requests.map(inputOf)), sum(four.requests.map(inputOf))];
    expect([one.requests.length, four.requests.length]).toEqual([16, 4]);
    expect(sum(four.records.map(({ savedInputTokens }) => savedInputTokens))).toBe(apart - together);
    expect(together).toBe(apart / 4);
    expect(one.records.map(({ savedInputTokens }) => savedInputTokens)).toEqual([0, 0]);
  });
});

describe("prompts that the provider has in its cache", () => {
  it.each([1, 4])("are told in the record and in the usage of the message, with n: %i", async (n) => {
    let told = 0;
    const respond = withCache();
    const { records } = await ask({}, n, (request) => {
      const said = respond(request) as {
        text: string;
        usage: { input: number; output: number; cached: number };
      };
      told += said.usage.cached;
      return said;
    });
    expect(told).toBeGreaterThan(0);
    expect(sum(records.map(({ cachedInputTokens }) => cachedInputTokens))).toBe(told);
    const inMessages = records.map(({ message }) => message?.usage_metadata?.input_token_details?.cache_read);
    expect(sum(inMessages.map((cached) => cached ?? 0))).toBe(told);
  });

  it("are unknown, not zero, where the provider does not say", async () => {
    const { records } = await ask({}, 1, () => ({ text: "\\boxed{1}", usage: null }));
    for (const record of records)
      expect(record).toMatchObject({ inputTokens: null, cachedInputTokens: null, savedInputTokens: null });
  });
});

const every = Object.values(prompts).filter((each) => typeof each === "object" && "turns" in each);
const chains = every.filter((each): each is ChainPrompt => "thought" in each);
const steps = every.filter((each): each is RefinementPrompt => !("thought" in each));

const samplers = [
  ...chains.map((prompt) => ({ name: prompt.name, sampler: integrated({ prompt }) })),
  ...steps.map((prompt) => ({
    name: prompt.name,
    // Some quote feedback, which has to be asked for first.
    sampler: refinement({
      steps: [
        { purpose: "feedback", prompt: prompts.critique },
        { purpose: "answer", prompt },
      ],
    }),
  })),
];

describe.each(samplers)("the prompt $name", ({ sampler }) => {
  /** What a conditioned request begins with has been sent before, byte for byte, as the user's own messages. */
  function expectUnchangedStart(requests: readonly ModelRequest[], field: string, own: number): void {
    const written = (request: ModelRequest): string => JSON.stringify(request.body[field]).slice(0, -1);
    const plain = new Set(requests.filter(({ turns }) => turns.length === own).map(written));
    const conditioned = requests.filter(({ turns }) => turns.length > own);
    expect(plain.size).toBe(questions.length);
    expect(conditioned.length).toBeGreaterThanOrEqual(questions.length);
    for (const request of conditioned)
      expect([...plain].filter((start) => written(request).startsWith(`${start},`))).toHaveLength(1);
  }

  it("leaves the user's messages as they are before it, in requests to OpenAI", async () => {
    server = await serveOpenAI(({ index }) => `Step ${index}. \\boxed{${index % 2}}`);
    const scaled = new DynScaling({
      model: openAIClient(server),
      sampler,
      budget: { samplesPerInput: 8 },
    });
    await conversation.pipe(scaled).batch(questions);
    expect(server.refusals).toEqual([]);
    expectUnchangedStart(server.requests, "messages", 4);
  });

  it("leaves the user's messages as they are before it, in requests to Gemini", async () => {
    server = await serveGemini(({ index }) => `Step ${index}. \\boxed{${index % 2}}`);
    const scaled = new DynScaling({
      model: geminiClient(server),
      sampler,
      budget: { samplesPerInput: 8 },
    });
    await conversation.pipe(scaled).batch(questions);
    expect(server.refusals).toEqual([]);
    expectUnchangedStart(server.requests, "contents", 4);
    expect(new Set(server.requests.map(({ body }) => JSON.stringify(body["systemInstruction"]))).size).toBe(
      1,
    );
  });
});
