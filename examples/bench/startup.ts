/**
 * What loading the package costs: CPU time to import its main entry over that of the
 * parts of @langchain/core that it imports, each in a process of its own.
 *
 *   npm run build && npx tsx examples/bench/startup.ts [--repeats 9]
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { report } from "./report.js";

const { values } = parseArgs({ options: { repeats: { type: "string", default: "9" } } });
const entry = import.meta.resolve("langchain-dynscaling");

/** What the modules of the package import from LangChain. */
function needed(module: string, seen: Set<string> = new Set()): Set<string> {
  const found = new Set<string>();
  if (seen.has(module)) return found;
  seen.add(module);
  for (const [, name = ""] of readFileSync(fileURLToPath(module), "utf8").matchAll(
    /(?:from|^import) "([^"]+)"/gm,
  )) {
    if (name.startsWith("@langchain/core")) found.add(name);
    if (name.startsWith(".")) for (const part of needed(new URL(name, module).href, seen)) found.add(part);
  }
  return found;
}

function cpuOfImport(modules: readonly string[]): number {
  const script = `const cpu = process.cpuUsage();
for (const name of ${JSON.stringify(modules)}) await import(name);
const { user, system } = process.cpuUsage(cpu);
console.log((user + system) / 1000);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }));
}

const parts = [...needed(entry)];
const ours: number[] = [];
const theirs: number[] = [];
for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
  theirs.push(cpuOfImport(parts));
  ours.push(cpuOfImport([...parts, entry]));
}
console.log(`  parts of LangChain: ${parts.join(", ")}`);
report({
  name: "CPU time of the import over that of the parts of @langchain/core it needs",
  target: { atMost: 1.3 },
  values: ours.map((time, repeat) => time / (theirs[repeat] as number)),
});
report({ name: "CPU time of the import", values: ours, unit: " ms" });
