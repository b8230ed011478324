/**
 * Time and memory of large batches, against a model that answers at once: what is
 * left is ours and LangChain's. Each run is in a process of its own; sizes of more than
 * 10,000 inputs run once. V8 lets garbage grow to several times what is alive while the
 * machine has memory; `--heap-mb` limits it, as `node --max-old-space-size` does.
 *
 *   npm run build && npx tsx examples/bench/scale.ts [--sizes 1000,100000] [--samples 8] [--unit 2] [--concurrency 64] [--schedule continuous] [--allocator ucb] [--sampler independent] [--heap-mb 1100] [--repeats 3]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { DynScaling } from "langchain-dynscaling";
import type { Schedule } from "langchain-dynscaling";
import { ucb, uniform, voteIndex } from "langchain-dynscaling/allocators";
import { independent, integrated } from "langchain-dynscaling/samplers";
import { printTable } from "../support/table.js";
import { median, report } from "./report.js";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,100000" },
    samples: { type: "string", default: "8" },
    unit: { type: "string", default: "2" },
    concurrency: { type: "string", default: "64" },
    schedule: { type: "string", default: "continuous" },
    allocator: { type: "string", default: "ucb" },
    sampler: { type: "string", default: "independent" },
    repeats: { type: "string", default: "3" },
    "heap-mb": { type: "string" },
    /** Set for the process that measures one size. */
    inputs: { type: "string" },
  },
});
const [samples, unitSamples, concurrency] = [values.samples, values.unit, values.concurrency].map(Number) as [
  number,
  number,
  number,
];

const heapMb = values["heap-mb"];

/** Larger batches take a minute each. */
const REPEATED_UP_TO = 10_000;

/** Answers at once; some questions are harder than others. */
class InstantModel extends BaseChatModel {
  #calls = 0;

  override _llmType(): string {
    return "instant";
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    // Not `text`, which takes a message apart; clients have their text before they have a message.
    const hard = 1 + (Number(/\d+/.exec(messages[0]?.content as string)?.[0]) % 4);
    const answer = (this.#calls++ * 7919) % hard;
    const text = `${"We go step by step. ".repeat(10)}Call ${this.#calls}. \\boxed{${answer}}`;
    const message = new AIMessage({
      content: text,
      usage_metadata: { input_tokens: 40, output_tokens: 150, total_tokens: 190 },
    });
    return { generations: [{ text, message }] };
  }
}

interface Measured {
  seconds: number;
  cpuSeconds: number;
  megabytes: number;
  samples: number;
}

async function measure(inputs: number): Promise<Measured> {
  const scaled = new DynScaling({
    model: new InstantModel({}),
    budget: { samplesPerInput: samples },
    unitSamples,
    schedule: values.schedule as Schedule,
    allocator: { ucb, uniform, voteIndex }[values.allocator as "ucb"](),
    sampler: values.sampler === "integrated" ? integrated() : independent(),
  });
  const questions = Array.from({ length: inputs }, (_, index) => `Question ${index}: what is it?`);
  await scaled.batch(questions.slice(0, 200), { maxConcurrency: concurrency });
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const messages = await scaled.batch(questions, { maxConcurrency: concurrency });
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024,
    samples: messages.reduce((sum, { response_metadata }) => sum + response_metadata.dynscaling.samples, 0),
  };
}

function inOwnProcess(inputs: number): Measured {
  const own = process.argv.slice(2).concat("--inputs", String(inputs));
  const script = fileURLToPath(import.meta.url);
  const limit = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
  const args = [...process.execArgv, ...limit, script, ...own];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

/** Runs of one size. */
interface Row {
  size: string;
  runs: readonly Measured[];
  /** CPU microseconds per sample of each run. */
  perSample: readonly number[];
}

function rowOf(size: string): Row {
  const repeats = Number(size) > REPEATED_UP_TO ? 1 : Number(values.repeats);
  const runs = Array.from({ length: repeats }, () => inOwnProcess(Number(size)));
  return { size, runs, perSample: runs.map((run) => (1e6 * run.cpuSeconds) / run.samples) };
}

if (values.inputs === undefined) {
  const rows = values.sizes.split(",").map(rowOf);
  const [first, last] = [rows[0] as Row, rows.at(-1) as Row];
  const atFirst = median(first.perSample);
  const setting = [
    `${values.schedule}, ${values.allocator}, ${values.sampler}, unit ${unitSamples}`,
    ...(heapMb === undefined ? [] : [`heap of at most ${heapMb} MB`]),
  ].join(", ");
  console.log(`${setting}, ${concurrency} in flight`);
  printTable(
    ["inputs", `x ${samples} samples, s`, "CPU us per sample", "to the first", "peak MB"],
    rows.map(({ size, runs, perSample }) => [
      size,
      median(runs.map(({ seconds }) => seconds)).toFixed(1),
      median(perSample).toFixed(0),
      (median(perSample) / atFirst).toFixed(2),
      median(runs.map(({ megabytes }) => megabytes)).toFixed(0),
    ]),
  );
  const batch = `${last.size} inputs x ${samples} samples, ${setting}`;
  report({ name: `seconds, ${batch}`, target: { atMost: 60 }, values: last.runs.map((run) => run.seconds) });
  report({
    name: `peak MB, ${batch}`,
    target: { atMost: 1500 },
    values: last.runs.map((run) => run.megabytes),
  });
  report({
    name: `CPU time per sample, ${batch}, over that at ${first.size}`,
    target: { atMost: 2 },
    values: last.perSample.flatMap((time) => first.perSample.map((before) => time / before)),
  });
} else console.log(JSON.stringify(await measure(Number(values.inputs))));
