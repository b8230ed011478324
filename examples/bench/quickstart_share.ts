/**
 * Runs the quick start itself, with its four methods, its progress and its tables, and then
 * prints the share of the CPU time that its main thread took, in percent: JavaScript (ours and
 * LangChain's), its garbage collection as far as it stops the thread, and what llama.cpp is
 * asked on that thread. All other threads count as llama.cpp's, those of V8 too. Loading
 * llama.cpp and the models counts, loading other modules does not. Linux only.
 *
 *   npm run build && npx tsx examples/bench/quickstart_share.ts [--questions 30]
 */
import { readFileSync } from "node:fs";

/** CPU seconds of the main thread so far. */
function mainThread(): number {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
  return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
}

// What the quick start imports is there before the clock starts.
await Promise.all([
  import("langchain-dynscaling"),
  import("langchain-dynscaling/baselines"),
  import("langchain-dynscaling/evaluation"),
  import("langchain-dynscaling/local"),
  import("langchain-dynscaling/samplers"),
  import("../../src/cli/progress.js"),
  import("../support/table.js"),
]);
const [cpu, main] = [process.cpuUsage(), mainThread()];
// It reads its own arguments, which are those of this process.
await import("../quickstart.js");
const { user, system } = process.cpuUsage(cpu);
console.log(`\n${(100 * (mainThread() - main)) / ((user + system) / 1e6)}`);
