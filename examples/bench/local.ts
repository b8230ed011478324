/**
 * Speed of the embedded model: sampled tokens per second of CPU time and of time, for 1 to
 * 32 sequences, each in a process that may run on one or two cores only (`taskset`; where
 * there is none, on so many threads), with two threads of one model as with two models of
 * one thread; and the share of the quick start's CPU time that is
 * spent outside of llama.cpp (Linux only): see `quickstart_share.ts` for what counts.
 *
 *   npm run build && npx tsx examples/bench/local.ts [--questions 48] [--repeats 3]
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";
import { printTable } from "../support/table.js";
import { median, report } from "./report.js";

const { values } = parseArgs({
  options: {
    questions: { type: "string", default: "48" },
    repeats: { type: "string", default: "3" },
    /** Set for the process that measures one speed. */
    sequences: { type: "string" },
    threads: { type: "string", default: "1" },
    models: { type: "string", default: "1" },
  },
});
const count = Number(values.questions);
const repeats = Number(values.repeats);

interface Setting {
  name: string;
  cores: number;
  models: number;
  threads: number;
}

const SETTINGS: readonly Setting[] = [
  { name: "1 core", cores: 1, models: 1, threads: 1 },
  { name: "2 cores, one model", cores: 2, models: 1, threads: 2 },
  { name: "2 cores, two models", cores: 2, models: 2, threads: 1 },
];

interface Speed {
  perSecond: number;
  perCpuSecond: number;
}

async function speedOf(setting: Setting, sequences: number): Promise<Speed> {
  const models = Array.from(
    { length: setting.models },
    (_, place) => new ChatLocal({ seed: place + 1, maxTokens: 192, sequences, threads: setting.threads }),
  );
  for (const model of models) await model.invoke("Hello", { maxTokens: 1 });
  const questions = ledgerQuestions({ count, seed: 3 });
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const messages = await Promise.all(
    questions.map(({ question }, place) => (models[place % models.length] as ChatLocal).invoke(question)),
  );
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  const tokens = messages.reduce((sum, { usage_metadata: usage }) => sum + (usage?.output_tokens ?? 0), 0);
  for (const model of models) await model.dispose();
  return { perSecond: tokens / seconds, perCpuSecond: tokens / ((user + system) / 1e6) };
}

/** The cores that this process may run on; none where they cannot be chosen. */
function choosableCores(): number[] {
  if (spawnSync("taskset", ["--version"]).status !== 0) return [];
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  });
}

/** What a script beside this one prints last, in a process of its own. */
function lastLineOf(script: string, args: readonly string[], cores: readonly number[] = []): string {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const node = [process.execPath, ...process.execArgv, path, ...args];
  const [command = "", ...rest] = cores.length > 0 ? ["taskset", "-c", cores.join(","), ...node] : node;
  const { stdout, stderr, status } = spawnSync(command, rest, { encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

function measureSpeeds(): void {
  const cores = choosableCores();
  const settings = SETTINGS.filter((setting) => cores.length === 0 || setting.cores <= cores.length);
  const rows: string[][] = [];
  for (const sequences of [1, 8, 16, 32]) {
    const row = [String(sequences)];
    for (const setting of settings) {
      const numbers = { questions: count, sequences, threads: setting.threads, models: setting.models };
      const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const speeds = Array.from(
        { length: repeats },
        () => JSON.parse(lastLineOf("local.ts", args, cores.slice(0, setting.cores))) as Speed,
      );
      row.push(median(speeds.map(({ perSecond }) => perSecond)).toFixed(0));
      row.push(median(speeds.map(({ perCpuSecond }) => perCpuSecond)).toFixed(0));
      report({
        name: `tokens per second, ${sequences} sequences, ${setting.name}`,
        values: speeds.map(({ perSecond }) => perSecond),
      });
    }
    rows.push(row);
  }
  printTable(["sequences", ...settings.flatMap(({ name }) => [`tokens/s, ${name}`, "tokens/CPU s"])], rows);
}

if (values.sequences !== undefined) {
  const setting = { name: "", cores: 0, models: Number(values.models), threads: Number(values.threads) };
  console.log(JSON.stringify(await speedOf(setting, Number(values.sequences))));
} else {
  measureSpeeds();
  if (existsSync("/proc/self/task")) {
    // As many questions as the quick start has, fewer in a first look.
    const args = ["--questions", String(Math.min(30, count))];
    report({
      name: "the quick start's CPU time on the main thread, outside of llama.cpp",
      target: { atMost: 15 },
      values: Array.from({ length: repeats }, () => Number(lastLineOf("quickstart_share.ts", args))),
      unit: "%",
    });
  }
}
