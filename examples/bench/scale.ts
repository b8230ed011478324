/**
 * Time and memory of large batches, against a model that answers at once: what is
 * left is ours and LangChain's. Each size runs in a process of its own.
 *
 *   npm run build && npx tsx examples/bench/scale.ts [--sizes 1000,100000] [--samples 8] [--unit 2] [--concurrency 64] [--schedule continuous] [--allocator ucb] [--sampler independent] [--repeats 1]
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
import { report } from "./report.js";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,100000" },
    samples: { type: "string", default: "8" },
    unit: { type: "string", default: "2" },
    concurrency: { type: "string", default: "64" },
    schedule: { type: "string", default: "continuous" },
    allocator: { type: "string", default: "ucb" },
    sampler: { type: "string", default: "independent" },
    repeats: { type: "string", default: "1" },
    /** Set for the process that measures one size. */
    inputs: { type: "string" },
  },
});
const [samples, unitSamples, concurrency] = [values.samples, values.unit, values.concurrency].map(Number) as [
  number,
  number,
  number,
];

/** Answers at once; some questions are harder than others. */
class InstantModel extends BaseChatModel {
  #calls = 0;

  override _llmType(): string {
    return "instant";
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const hard = 1 + (Number(/\d+/.exec(messages[0]?.text ?? "")?.[0]) % 4);
    const answer = (this.#calls++ * 7919) % hard;
    const message = new AIMessage({
      content: `${"We go step by step. ".repeat(10)}Call ${this.#calls}. \\boxed{${answer}}`,
      usage_metadata: { input_tokens: 40, output_tokens: 150, total_tokens: 190 },
    });
    return { generations: [{ text: message.text, message }] };
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
  const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, script, ...own], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

if (values.inputs === undefined) {
  const rows = values.sizes.split(",").map((size) => {
    const runs = Array.from({ length: Number(values.repeats) }, () => inOwnProcess(Number(size)));
    const median = (of: (run: Measured) => number): number =>
      runs.map(of).toSorted((a, b) => a - b)[runs.length >> 1] as number;
    const perSample = median((run) => (1e6 * run.cpuSeconds) / run.samples);
    return {
      size,
      perSample,
      seconds: median((run) => run.seconds),
      megabytes: median((run) => run.megabytes),
    };
  });
  const { samples: _samples, ...shown } = values;
  console.log(JSON.stringify(shown));
  printTable(
    ["inputs", `x ${samples} samples, s`, "CPU us per sample", "to the first", "peak MB"],
    rows.map(({ size, seconds, perSample, megabytes }) => [
      size,
      seconds.toFixed(1),
      perSample.toFixed(0),
      (perSample / (rows[0]?.perSample ?? 1)).toFixed(2),
      megabytes.toFixed(0),
    ]),
  );
  const [first, last] = [rows[0] as (typeof rows)[number], rows.at(-1) as (typeof rows)[number]];
  const setting = `${last.size} inputs x ${samples} samples`;
  report({ name: `seconds, ${setting}`, target: { atMost: 60 }, values: [last.seconds] });
  report({ name: `peak MB, ${setting}`, target: { atMost: 1500 }, values: [last.megabytes] });
  report({
    name: `CPU time per sample, ${setting}, over that at ${first.size}`,
    target: { atMost: 2 },
    values: [last.perSample / first.perSample],
  });
} else console.log(JSON.stringify(await measure(Number(values.inputs))));
