import { tool } from "@langchain/core/tools";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling, OptionError } from "../../src/index.js";
import { serveResponses } from "../support/responses_server.js";
import type { ProtocolServer, Respond } from "../support/protocol_server.js";
import { openAIClient } from "../wire/clients.js";
import { conditioned, garbled, invoice, invoiceJsonSchema, right, said, wrong } from "./objects.js";

let server: ProtocolServer;
afterEach(() => server.close());

async function start(respond: Respond, fields = {}): Promise<DynScaling> {
  server = await serveResponses(respond);
  const model = openAIClient(server, { useResponsesApi: true, model: "gpt-4o", ...fields });
  return new DynScaling({ model, budget: { samplesPerInput: 8 } });
}

const METHODS = ["jsonSchema", "jsonMode", "functionCalling"] as const;
const SCHEMAS = { "a zod schema": invoice, "a JSON schema": invoiceJsonSchema };
const QUESTION = "Read this invoice as JSON: Acme Inc, 12.50";

describe.each(METHODS)("structured output of OpenAI's Responses API, method %s", (method) => {
  it.each(Object.entries(SCHEMAS))(
    "votes over objects of %s and quotes them as JSON",
    async (_name, schema) => {
      const scaled = await start((request) => said(request.index % 4 === 0 ? wrong : right, request));
      const [record] = await scaled.withStructuredOutput(schema, { method }).solve([QUESTION]);
      expect(server.refusals).toEqual([]);
      expect(record).toMatchObject({ object: right, failedSamples: 0, unparsedSamples: 0, outputTokens: 40 });
      expect(record?.votes.map(({ count }) => count)).toEqual([6, 2]);
      expect(conditioned(server)).toHaveLength(4);
      for (const { turns } of conditioned(server)) {
        const quoted = turns.at(-1)?.text.match(/^\{.*\}$/gm) ?? [];
        expect(quoted).toHaveLength(4);
        for (const text of quoted) expect([right, wrong]).toContainEqual(JSON.parse(text));
      }
    },
  );

  it("asks as the model's own method asks, down to the last key", async () => {
    const scaled = await start((request) => said(right, request));
    const options = { method, name: "read_invoice" };
    const own = openAIClient(server, { useResponsesApi: true, model: "gpt-4o" });
    await own.withStructuredOutput(invoice, options).invoke(QUESTION);
    await scaled.withStructuredOutput(invoice, options).invoke(QUESTION);
    expect(server.requests[1]?.body).toEqual(server.requests[0]?.body);
  });

  it("loses no response that is no object: it is paid for, says why, and never votes", async () => {
    const scaled = await start((request) => {
      if (request.index === 0) return garbled(request);
      if (request.index === 1) return said({ ...right, total: -1 }, request);
      if (request.index === 2) return { text: "", refusal: "I cannot read that." };
      return said(right, request);
    });
    const [record] = await scaled.withStructuredOutput(invoice, { method }).solve([QUESTION]);
    expect(record?.votes.map(({ count }) => count)).toEqual([5]);
    expect(record).toMatchObject({ object: right, outputTokens: 40 });
    const [cut, negative] = record?.responses ?? [];
    expect(cut?.unparsed).toMatch(/no JSON: /);
    expect(negative?.unparsed).toMatch(/^The schema refuses it: total: /);
  });

  it("a response that the output limit cut off keeps its tokens and never votes", async () => {
    const scaled = await start((request) =>
      request.index === 0 ? { ...garbled(request), finishReason: "length" } : said(right, request),
    );
    const [record] = await scaled.withStructuredOutput(invoice, { method }).solve([QUESTION]);
    expect(record?.votes.map(({ count }) => count)).toEqual([7]);
    expect(record).toMatchObject({ failedSamples: 0, unparsedSamples: 1, outputTokens: 40 });
  });
});

describe("OpenAI's Responses API", () => {
  it("calls tools that are voted on, and goes on after them", async () => {
    const lookup = tool(({ city }: { city: string }) => city, {
      name: "lookup",
      description: "The weather of a city.",
      schema: z.object({ city: z.string() }),
    });
    const scaled = await start(({ index }) => ({
      text: "",
      toolCalls: [{ name: "lookup", args: { city: index % 4 === 0 ? "Rome" : "Paris" } }],
    }));
    const message = await scaled.bindTools([lookup], { tool_choice: "lookup" }).invoke("How is Paris?");
    expect(message.tool_calls).toMatchObject([{ name: "lookup", args: { city: "Paris" } }]);
    expect(message.response_metadata.dynscaling.votes.map(({ count }) => count)).toEqual([6, 2]);
    expect(server.requests[0]?.body["tool_choice"]).toEqual({ type: "function", name: "lookup" });
  });

  it("brings one response a request, so n is refused before anything is spent", async () => {
    await expect(start(() => "1", { n: 3 })).rejects.toThrow(OptionError);
    await expect(start(() => "1", { n: 3 })).rejects.toThrow(/^model\.n: got 3\. OpenAI's Responses API/);
    expect(server.requests).toEqual([]);
  });
});
