/**
 * How close a schedule comes to the least time that a batch can take, on a clock that
 * only waits for the model: max(total latency / slots, longest chain of calls that
 * wait for each other). Latencies are log-normal. Exact and repeatable, in seconds. Nobody
 * knows a latency beforehand, so the slow calls at the end leave slots idle whatever waits
 * for what: the same calls as if none waited for another stand beside.
 *
 *   npm run build && npx tsx examples/bench/schedule.ts [--inputs 500] [--samples 16] [--slots 64] [--seeds 10] [--sigma 1]
 */
import { parseArgs } from "node:util";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { DynScaling } from "langchain-dynscaling";
import type { DynScalingFields, InputRecord } from "langchain-dynscaling";
import { ucb, voteIndex } from "langchain-dynscaling/allocators";
import { independent } from "langchain-dynscaling/samplers";
import { VirtualClock } from "../../test/support/virtual_clock.js";
import { numbersFrom } from "../data/seeded.js";
import { printTable } from "../support/table.js";
import { report } from "./report.js";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "500" },
    samples: { type: "string", default: "16" },
    slots: { type: "string", default: "64" },
    seeds: { type: "string", default: "10" },
    sigma: { type: "string", default: "1" },
  },
});
const [inputs, samples, slots, seeds, sigma] = [
  values.inputs,
  values.samples,
  values.slots,
  values.seeds,
  values.sigma,
].map(Number) as [number, number, number, number, number];

/** Its responses take log-normal time; some questions are harder than others. */
class SlowModel extends BaseChatModel {
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  /** By the number that each response carries. */
  readonly latencies: number[] = [];

  constructor(clock: VirtualClock, seed: number) {
    super({});
    this.#clock = clock;
    this.#random = numbersFrom(`schedule ${seed}`);
  }

  override _llmType(): string {
    return "slow";
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    const latency = Math.exp(sigma * normal);
    const call = this.latencies.push(latency) - 1;
    const hard = Number(/\d+/.exec(messages[0]?.text ?? "")?.[0]) % 4;
    const answer = this.#random() < hard / 5 ? Math.floor(4 * this.#random()) : 0;
    await this.#clock.sleep(latency);
    const message = new AIMessage(`Call ${call}. \\boxed{${answer}}`);
    return { generations: [{ text: message.text, message }] };
  }
}

/** Longest sum of latencies of calls of which each waits for the one before. */
function longestChain(records: readonly InputRecord[], latencies: readonly number[]): number {
  let longest = 0;
  for (const { responses } of records) {
    const ends: number[] = [];
    for (const { text, parents } of responses) {
      const own = latencies[Number(/Call (\d+)/.exec(text)?.[1])] ?? 0;
      const end = own + Math.max(0, ...parents.map((parent) => ends[parent] ?? 0));
      ends.push(end);
      longest = Math.max(longest, end);
    }
  }
  return longest;
}

/** When the last of so many calls ends, each of which is sent as soon as a slot is free. */
function timeWithoutWaiting(latencies: readonly number[]): number {
  const free = Array.from({ length: slots }, () => 0);
  for (const latency of latencies) {
    const first = free.indexOf(Math.min(...free));
    free[first] = (free[first] as number) + latency;
  }
  return Math.max(...free);
}

async function ratioOf(
  fields: Partial<DynScalingFields>,
  seed: number,
): Promise<{ ratio: number; withoutWaiting: number }> {
  const clock = new VirtualClock();
  const model = new SlowModel(clock, seed);
  const scaled = new DynScaling({ model, budget: { samplesPerInput: samples }, ...fields });
  const questions = Array.from({ length: inputs }, (_, index) => `Question ${index}`);
  const records = await clock.run(scaled.solve(questions, { maxConcurrency: slots }));
  const total = model.latencies.reduce((sum, latency) => sum + latency, 0);
  const bound = Math.max(total / slots, longestChain(records, model.latencies));
  return { ratio: clock.now / bound, withoutWaiting: timeWithoutWaiting(model.latencies) / bound };
}

const methods: Record<string, Partial<DynScalingFields>> = {
  "ucb, integrated, unit 8": { allocator: ucb() },
  "ucb, independent, unit 2": { allocator: ucb(), sampler: independent(), unitSamples: 2 },
  "voteIndex, independent, unit 1": { allocator: voteIndex(), sampler: independent(), unitSamples: 1 },
};

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

console.log(
  `${inputs} inputs x ${samples} samples, ${slots} slots, log-normal latencies of sigma ${sigma}; time over the bound, mean of ${seeds} seeds (worst)\n`,
);
const rows: string[][] = [];
for (const [name, fields] of Object.entries(methods)) {
  const row = [name];
  for (const schedule of ["continuous", "rounds"] as const) {
    const runs: Awaited<ReturnType<typeof ratioOf>>[] = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await ratioOf({ ...fields, schedule }, seed));
    const ratios = runs.map(({ ratio }) => ratio);
    const floors = runs.map(({ withoutWaiting }) => withoutWaiting);
    report({
      name: `time over the least possible, ${name}, ${schedule}`,
      ...(schedule === "continuous" && { target: { atMost: 1.1 } }),
      values: ratios,
    });
    row.push(`${mean(ratios).toFixed(3)} (${Math.max(...ratios).toFixed(3)})`);
    if (schedule === "rounds") continue;
    report({ name: `the same calls, if none waited for another, ${name}`, values: floors });
    row.push(`${mean(floors).toFixed(3)} (${Math.max(...floors).toFixed(3)})`);
  }
  rows.push(row);
}
printTable(["", "continuous (target 1.10)", "if no call waited", "rounds"], rows);
