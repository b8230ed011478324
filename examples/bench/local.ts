/**
 * Speed of the embedded model: sampled tokens per second of CPU time and of time, for 1 to
 * 32 sequences on one and two threads; and the share of the quick start's CPU time that
 * is spent outside of llama.cpp, which is what the main thread takes (Linux only).
 *
 *   npm run build && npx tsx examples/bench/local.ts [--questions 48] [--repeats 3]
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DynScaling } from "langchain-dynscaling";
import type { MethodFields } from "langchain-dynscaling";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";
import { independent } from "langchain-dynscaling/samplers";
import { printTable } from "../support/table.js";
import { median, report } from "./report.js";

const { values } = parseArgs({
  options: { questions: { type: "string", default: "48" }, repeats: { type: "string", default: "3" } },
});
const count = Number(values.questions);
const repeats = Number(values.repeats);

interface Speed {
  perSecond: number;
  perCpuSecond: number;
}

async function speedOf(sequences: number, threads: number): Promise<Speed> {
  const model = new ChatLocal({ seed: 1, maxTokens: 192, sequences, threads });
  await model.invoke("Hello", { maxTokens: 1 });
  const questions = ledgerQuestions({ count, seed: 3 });
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const messages = await Promise.all(questions.map(({ question }) => model.invoke(question)));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  const tokens = messages.reduce((sum, { usage_metadata: usage }) => sum + (usage?.output_tokens ?? 0), 0);
  await model.dispose();
  return { perSecond: tokens / seconds, perCpuSecond: tokens / ((user + system) / 1e6) };
}

const rows: string[][] = [];
for (const sequences of [1, 8, 16, 32]) {
  const row = [String(sequences)];
  for (const threads of [1, 2]) {
    const speeds: Speed[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) speeds.push(await speedOf(sequences, threads));
    row.push(median(speeds.map(({ perSecond }) => perSecond)).toFixed(0));
    row.push(median(speeds.map(({ perCpuSecond }) => perCpuSecond)).toFixed(0));
    report({
      name: `tokens per second, ${sequences} sequences on ${threads} ${threads > 1 ? "cores" : "core"}`,
      values: speeds.map(({ perSecond }) => perSecond),
    });
  }
  rows.push(row);
}
printTable(["sequences", "tokens/s, 1 core", "tokens/CPU s", "tokens/s, 2 cores", "tokens/CPU s"], rows);

/** CPU seconds of the main thread so far. */
function mainThread(): number {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
  return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
}

/** The methods of the quick start, on as many questions as `count` a fourth of. */
async function shareOutside(): Promise<number> {
  const questions = ledgerQuestions({ count: Math.ceil(count / 4), seed: 1 });
  const budget = { totalOutputTokens: 800 * questions.length };
  const methods: MethodFields[] = [selfConsistency(), {}, { sampler: independent() }];
  const [cpu, main] = [process.cpuUsage(), mainThread()];
  for (const method of methods) {
    const model = new ChatLocal({ seed: 1, maxTokens: 192 });
    await new DynScaling({ model, budget, seed: 1, ...method }).solve(
      questions.map(({ question }) => question),
    );
    await model.dispose();
  }
  const { user, system } = process.cpuUsage(cpu);
  return (100 * (mainThread() - main)) / ((user + system) / 1e6);
}

if (existsSync("/proc/self/task")) {
  const shares: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) shares.push(await shareOutside());
  report({
    name: "the quick start's CPU time outside of llama.cpp",
    target: { atMost: 15 },
    values: shares,
    unit: "%",
  });
}
