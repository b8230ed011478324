/**
 * Every benchmark in a process of its own, one after another, and then one table: each
 * target beside what was measured, the median and the spread of the repetitions.
 *
 *   npm run bench -- [--only overhead,startup] [--quick]
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { printTable } from "../support/table.js";
import { lineOf } from "./report.js";
import type { Figure } from "./report.js";

const { values } = parseArgs({
  options: { only: { type: "string" }, quick: { type: "boolean", default: false } },
});

/** A script beside this one, its arguments, and those of a first look. */
const benchmarks: { script: string; args?: string[]; quick?: string[] }[] = [
  { script: "schedule", quick: ["--seeds", "1"] },
  { script: "scale", quick: ["--sizes", "300,3000", "--repeats", "1"] },
  { script: "scale", args: ["--schedule", "rounds"], quick: ["--sizes", "300,3000", "--repeats", "1"] },
  { script: "scale", args: ["--heap-mb", "1100"], quick: ["--sizes", "300,3000", "--repeats", "1"] },
  {
    script: "scale",
    args: ["--schedule", "rounds", "--heap-mb", "1100"],
    quick: ["--sizes", "300,3000", "--repeats", "1"],
  },
  { script: "overhead", quick: ["--repeats", "3", "--inputs", "300"] },
  {
    script: "overhead",
    args: ["--concurrency", "64", "--schedule", "continuous"],
    quick: ["--repeats", "3", "--inputs", "300"],
  },
  { script: "overhead", args: ["--traced", "--inputs", "400", "--repeats", "3"], quick: ["--inputs", "200"] },
  {
    script: "overhead",
    args: [
      "--traced",
      "--inputs",
      "400",
      "--repeats",
      "3",
      "--concurrency",
      "64",
      "--schedule",
      "continuous",
    ],
    quick: ["--inputs", "200"],
  },
  { script: "startup", quick: ["--repeats", "3"] },
  { script: "prompts" },
  { script: "local", quick: ["--repeats", "1", "--questions", "16"] },
];

/** Figures that one script reports. */
function run(script: string, args: readonly string[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  console.log(`\n${script} ${args.join(" ")}`);
  const path = fileURLToPath(new URL(`${script}.ts`, import.meta.url));
  const child = fork(path, [...args], { execArgv: [...process.execArgv, "--expose-gc"] });
  child.on("message", (figure) => figures.push(figure as Figure));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(figures) : reject(new Error(`${script} has failed.`))));
  });
}

const only = values.only?.split(",");
const rows: string[][] = [];
for (const { script, args = [], quick = [] } of benchmarks) {
  if (only !== undefined && !only.includes(script)) continue;
  const figures = await run(script, [...args, ...(values.quick ? quick : [])]);
  rows.push(...figures.map(lineOf));
}
console.log("\n");
printTable(["", "target", "measured", "spread", ""], rows);
