/**
 * Speed of the embedded model: sampled tokens per second of CPU time and of time, for 1 to
 * 32 sequences, each in a process that may run on one or two cores only (`taskset`; where
 * there is none, on so many threads); and the share of the quick start's CPU time that is
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
  },
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
  const unit = cores.length > 0 ? "core" : "thread";
  const rows: string[][] = [];
  const numbers = [1, 2].filter((number) => unit === "thread" || number <= cores.length);
  for (const sequences of [1, 8, 16, 32]) {
    const row = [String(sequences)];
    for (const number of numbers) {
      const args = [
        "--questions",
        String(count),
        "--sequences",
        String(sequences),
        "--threads",
        String(number),
      ];
      const speeds = Array.from(
        { length: repeats },
        () => JSON.parse(lastLineOf("local.ts", args, cores.slice(0, number))) as Speed,
      );
      row.push(median(speeds.map(({ perSecond }) => perSecond)).toFixed(0));
      row.push(median(speeds.map(({ perCpuSecond }) => perCpuSecond)).toFixed(0));
      report({
        name: `tokens per second, ${sequences} sequences on ${number} ${unit}${number > 1 ? "s" : ""}`,
        values: speeds.map(({ perSecond }) => perSecond),
      });
    }
    rows.push(row);
  }
  printTable(
    ["sequences", ...numbers.flatMap((number) => [`tokens/s, ${unit}s: ${number}`, "tokens/CPU s"])],
    rows,
  );
}

if (values.sequences !== undefined) {
  console.log(JSON.stringify(await speedOf(Number(values.sequences), Number(values.threads))));
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
