import { RunnableParallel } from "@langchain/core/runnables";
import { afterEach, describe, expect, it } from "vitest";
import { DynScaling } from "../../src/index.js";
import type { SharedFields, SharedScaling } from "../../src/index.js";
import { integrated } from "../../src/samplers/index.js";
import { byField, worstOfFields } from "../../src/structured/index.js";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelRequest, ProtocolServer, Respond } from "../support/protocol_server.js";
import { RunCollector } from "../support/run_collector.js";
import { geminiClient, openAIClient, question } from "../wire/clients.js";
import { conditioned, garbled, invoice, right, said, wrong } from "./objects.js";

let server: ProtocolServer | undefined;
afterEach(() => server?.close());

/** A clear invoice is always read alike, a torn one now so and now so. */
const moody: Respond = (request) =>
  said(question(request).startsWith("torn") && request.index % 2 === 0 ? wrong : right, request);

async function start(respond: Respond = moody, fields: SharedFields = {}): Promise<SharedScaling> {
  server = await serveOpenAI(respond);
  return new DynScaling({ model: openAIClient(server, { maxTokens: 50 }) }).shared(fields);
}

describe("structured output of a shared budget", () => {
  it.each([
    ["ChatOpenAI", "jsonSchema"],
    ["ChatOpenAI", "functionCalling"],
    ["ChatGoogleGenerativeAI", "jsonSchema"],
    ["ChatGoogleGenerativeAI", "functionCalling"],
  ] as const)("is voted on, whoever calls when: %s, %s", async (client, method) => {
    server = await (client === "ChatOpenAI" ? serveOpenAI : serveGemini)(moody);
    const model = client === "ChatOpenAI" ? openAIClient(server) : geminiClient(server);
    const shared = new DynScaling({ model }).shared({ maxSamplesPerInput: 7 });
    const structured = shared.withStructuredOutput(invoice, { method });
    expect(await structured.invoke("clear: JSON")).toEqual(right);
    const clear = server.requests.length;
    expect(clear).toBeLessThan(7);
    const both = RunnableParallel.from({ one: structured, two: structured });
    const { one, two } = (await both.invoke("torn: JSON")) as Record<string, unknown>;
    expect([right, wrong]).toEqual(expect.arrayContaining([one, two]));
    expect(shared.spend).toMatchObject({ inputs: 3, samples: server.requests.length });
    expect(server.requests.length).toBeGreaterThanOrEqual(clear + 2);
    expect(server.refusals).toEqual([]);
  });

  it("draws on the same budget as the messages, and refuses what finds nothing left", async () => {
    const shared = await start(moody, { totalSamples: 6, maxSamplesPerInput: 4 });
    const structured = shared.withStructuredOutput(invoice);
    await shared.invoke("torn");
    await structured.invoke("torn: JSON");
    expect(shared.spend.samples).toBe(6);
    await expect(structured.invoke("torn: JSON")).rejects.toThrow(/^shared\.totalSamples: got 6/);
    expect(server?.requests).toHaveLength(6);
  });

  it("gives the record with includeRaw, and votes as it is told", async () => {
    const shared = await start(moody, { maxSamplesPerInput: 5 });
    const options = { includeRaw: true, vote: byField() } as const;
    const { raw, parsed } = await shared.withStructuredOutput(invoice, options).invoke("torn: JSON");
    expect(parsed).toEqual(wrong);
    expect(raw.response_metadata.dynscaling).toMatchObject({
      samples: 5,
      votes: [{ count: 3 }, { count: 2 }],
    });
    const agreement = raw.response_metadata.dynscaling.fields.find(({ path }) => path === "total");
    expect(agreement?.agreement).toBe(0.6);
  });

  it("quotes attempts as JSON where its sampler has chains", async () => {
    const sampler = integrated();
    const shared = await start(moody, { sampler, unitSamples: 4, maxSamplesPerInput: 4 });
    await shared.withStructuredOutput(invoice).invoke("torn: JSON");
    const quoted = conditioned(server as ProtocolServer).flatMap(
      ({ turns }) => turns.at(-1)?.text.match(/^\{.*\}$/gm) ?? [],
    );
    expect(quoted).toHaveLength(4);
    for (const text of quoted) expect([right, wrong]).toContainEqual(JSON.parse(text));
  });

  it("says why there is no object, and what was spent on it counts", async () => {
    const shared = await start((request: ModelRequest) => garbled(request), { maxSamplesPerInput: 3 });
    const structured = shared.withStructuredOutput(invoice);
    await expect(structured.invoke("torn: JSON")).rejects.toThrow(/None of the 3 responses holds an object/);
    expect(shared.spend).toMatchObject({ inputs: 1, samples: 3 });
    const { parsed } = await shared.withStructuredOutput(invoice, { includeRaw: true }).invoke("JSON");
    expect(parsed).toBeNull();
  });

  it("opens one run for each question", async () => {
    const collector = new RunCollector();
    const shared = await start();
    await shared.withStructuredOutput(invoice).batch(["clear 1", "clear 2"], { callbacks: [collector] });
    expect(collector.of("StructuredScaling")).toHaveLength(2);
  });

  it("refuses a measure that is none, or would change nothing, before anything is spent", async () => {
    const shared = await start();
    const uncertainty = 3 as unknown as () => number;
    expect(() => shared.withStructuredOutput(invoice, { uncertainty })).toThrow(/^uncertainty: got 3/);
    expect(() => shared.withStructuredOutput(invoice, { uncertainty: worstOfFields(["total"]) })).toThrow(
      /decides by the votes, so it would change nothing/,
    );
    expect(() => shared.withStructuredOutput(invoice, { method: "xml" })).toThrow(/Invalid method/);
    expect(server?.requests).toEqual([]);
  });
});
