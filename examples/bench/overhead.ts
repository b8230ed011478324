/**
 * What a sample costs beside the call: CPU time of a batch through `DynScaling` over that
 * of plain `model.batch` of the same calls, both in this process and one after the other,
 * on a model that answers at once. Calls start from their texts either way. With --traced,
 * LangSmith's own client sends all runs to a local server that takes what it is sent, and
 * the same calls are also made in one RunnableLambda per question, which calls `model.batch`:
 * what a trace of the same kind costs in LangChain itself.
 *
 *   npm run build && npx tsx examples/bench/overhead.ts [--traced] [--inputs 1000] [--samples 16] [--repeats 5] [--characters 600] [--concurrency 64] [--schedule continuous]
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { RunnableLambda } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import { DynScaling } from "langchain-dynscaling";
import type { DynScalingFields, Schedule } from "langchain-dynscaling";
import { independent } from "langchain-dynscaling/samplers";
import { Bench } from "tinybench";
import { InstantModel } from "./instant_model.js";
import { median, report } from "./report.js";

const { values } = parseArgs({
  options: {
    traced: { type: "boolean", default: false },
    inputs: { type: "string", default: "1000" },
    samples: { type: "string", default: "16" },
    repeats: { type: "string", default: "5" },
    characters: { type: "string", default: "600" },
    /** Calls in flight at the same time, either way. Default: no limit. */
    concurrency: { type: "string" },
    schedule: { type: "string" },
  },
});
const [inputs, samples, repeats, characters] = [
  values.inputs,
  values.samples,
  values.repeats,
  values.characters,
].map(Number) as [number, number, number, number];

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ version: "0", instance_flags: { gzip_body_enabled: true } }));
  });
});
await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
process.env["LANGSMITH_ENDPOINT"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
process.env["LANGSMITH_API_KEY"] = "none";
process.env["LANGSMITH_TRACING"] = "false";

const model = new InstantModel(characters);
const tail = "Think about it, and put the final answer into a box. ".repeat(4);
const questions = Array.from({ length: inputs }, (_, index) => `Question ${index}. ${tail}`);
const limit = values.concurrency === undefined ? {} : { maxConcurrency: Number(values.concurrency) };
const scaling = (fields: Partial<DynScalingFields> = {}): DynScaling =>
  new DynScaling({
    model,
    budget: { samplesPerInput: samples },
    ...(values.schedule !== undefined && { schedule: values.schedule as Schedule }),
    ...fields,
  });

/** The texts of all calls that a batch makes. */
async function callsOf(scaled: DynScaling): Promise<[string, string][][]> {
  const prompts = (model.prompts = []) as NonNullable<typeof model.prompts>;
  await scaled.batch(questions, limit);
  model.prompts = undefined;
  return prompts.map((messages) => messages.map(({ type, text }) => [type, text]));
}

const ways = { "the default method": scaling(), "independent samples": scaling({ sampler: independent() }) };
/** In milliseconds of CPU time of this process: a busy machine is no result. */
const now = (): number => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
const bench = new Bench({ now, time: 0, iterations: 1 });
const task = (name: string, ask: () => Promise<unknown>): void => {
  bench.add(
    name,
    async () => {
      await ask();
      await awaitAllCallbacks();
    },
    { beforeEach: () => globalThis.gc?.() },
  );
};
for (const [name, scaled] of Object.entries(ways)) {
  const calls = await callsOf(scaled);
  task(`model.batch, ${name}`, () => model.batch(calls, limit));
  task(`DynScaling, ${name}`, () => scaled.batch(questions, limit));
  if (!values.traced) continue;
  const ofQuestion = (place: number, config: RunnableConfig): Promise<unknown> =>
    model.batch(calls.slice(place * samples, (place + 1) * samples), config);
  const nested = RunnableLambda.from(ofQuestion);
  task(`nested, ${name}`, () => nested.batch([...questions.keys()], limit));
}

// The first calls pay for compilation, and for asking the server what it can do.
await bench.run();
process.env["LANGSMITH_TRACING"] = String(values.traced);
if (values.traced) await bench.run();
const taken = new Map<string, number[]>();
for (let repeat = 0; repeat < repeats; repeat++) {
  bench.reset();
  await bench.run();
  for (const { name, result } of bench.tasks)
    taken.set(name, [...(taken.get(name) ?? []), result?.samples[0] ?? Number.NaN]);
}
server.close();
server.closeAllConnections();

const perSample = (name: string): number => (1000 * median(taken.get(name) ?? [])) / (inputs * samples);
const setting = [
  values.traced ? "traced" : "untraced",
  ...(values.schedule ? [values.schedule] : []),
  ...(values.concurrency ? [`${values.concurrency} in flight`] : []),
].join(", ");
for (const name of Object.keys(ways)) {
  const [plain, ours, nested] = ["model.batch", "DynScaling", "nested"].map(
    (way) => taken.get(`${way}, ${name}`) ?? [],
  ) as [number[], number[], number[]];
  report({
    name: `CPU time over model.batch, ${name}, ${setting}`,
    target: { atMost: 1.3 },
    values: ours.map((time, repeat) => time / (plain[repeat] as number)),
  });
  if (nested.length > 0) {
    report({
      name: `CPU time over a lambda per question that calls model.batch, ${name}, ${setting}`,
      values: ours.map((time, repeat) => time / (nested[repeat] as number)),
    });
  }
  console.log(
    `  us per sample: ${perSample(`model.batch, ${name}`).toFixed(1)} plain, ${perSample(`DynScaling, ${name}`).toFixed(1)} ours`,
  );
}
