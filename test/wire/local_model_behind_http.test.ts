import { afterAll, afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { ChatLike, InputRecord } from "../../src/index.js";
import { ChatLocal, ledgerQuestions } from "../../src/local/index.js";
import { gather } from "../support/gather.js";
import { serveGemini } from "../support/gemini_server.js";
import { answersOf } from "../support/local_answers.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ProtocolServer } from "../support/protocol_server.js";
import { geminiClient, openAIClient } from "./clients.js";

const questions = ledgerQuestions({ count: 2, seed: 7, steps: [1, 2] });
const inputs = questions.map(({ question }) => question);
const SEED = 21;

const models: ChatLocal[] = [];
function local(): ChatLocal {
  const model = new ChatLocal({ seed: SEED });
  models.push(model);
  return model;
}
afterAll(() => Promise.all(models.map((model) => model.dispose())));

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

function scale(model: ChatLike): DynScaling {
  return new DynScaling({ model, budget: { samplesPerInput: 4 }, unitSamples: 2, seed: 3 });
}

/** One call at a time: the local model draws by the order of calls. */
async function solve(model: ChatLike): Promise<InputRecord[]> {
  return scale(model).solve(inputs, { maxConcurrency: 1 });
}

/** What must not depend on how the model was reached. */
function essence(records: InputRecord[]): unknown {
  return records.map(({ answer, votes, uncertainty, inputTokens, outputTokens, rounds, responses }) => ({
    answer,
    votes,
    uncertainty,
    inputTokens,
    outputTokens,
    rounds,
    responses: responses.map(({ text, parents, stage, round, usage }) => ({
      text,
      parents,
      stage,
      round,
      // Only a provider tells how much of a prompt it had read before.
      usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens },
    })),
  }));
}

describe("the embedded model behind a provider's protocol", () => {
  it("gives through ChatOpenAI the record that it gives in this process, to the last token", async () => {
    const running = (server = await serveOpenAI(answersOf(local())));
    const records = await solve(openAIClient(running));
    expect(essence(records)).toEqual(essence(await solve(local())));
    expect(running.refusals).toEqual([]);
    expect(running.requests).toHaveLength(8);
    expect(records.some(({ answer }, place) => answer === questions[place]?.answer)).toBe(true);
    expect(records.every(({ outputTokens }) => (outputTokens ?? 0) > 0)).toBe(true);
  });

  it("gives an event stream through ChatOpenAI the same answer and tokens", async () => {
    const running = (server = await serveOpenAI(answersOf(local())));
    const [question = ""] = inputs;
    const options = { version: "v2", maxConcurrency: 1 } as const;
    const events = await gather(scale(openAIClient(running)).streamEvents(question, options));
    const expected = await scale(local()).invoke(question, { maxConcurrency: 1 });
    const message = events.findLast(({ name }) => name === "DynScaling")?.data.output;
    expect(running.requests.every(({ streamed }) => streamed)).toBe(true);
    expect(message.text).toBe(expected.text);
    expect(message.usage_metadata).toMatchObject({
      input_tokens: expected.usage_metadata?.input_tokens,
      output_tokens: expected.usage_metadata?.output_tokens,
    });
  });

  it("answers a concurrent batch through ChatGoogleGenerativeAI, and its tokens are those of the wire", async () => {
    const said: number[] = [];
    const answer = answersOf(local());
    const running = (server = await serveGemini(async (request) => {
      const replies = await answer(request);
      said.push(...replies.map(({ usage }) => usage?.output ?? 0));
      return replies;
    }));
    const records = await scale(geminiClient(running)).solve(inputs);
    expect(running.refusals).toEqual([]);
    expect(said).toHaveLength(8);
    expect(records.reduce((sum, { outputTokens }) => sum + (outputTokens ?? 0), 0)).toBe(
      said.reduce((sum, tokens) => sum + tokens, 0),
    );
    expect(records.every(({ failedSamples }) => failedSamples === 0)).toBe(true);
  });
});
