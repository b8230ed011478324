import type { ParseArgsConfig } from "node:util";
import type { CheckpointOptions } from "../evaluation/checkpoints.js";
import { withReplacement } from "../evaluation/draws.js";
import type { Draw } from "../evaluation/draws.js";
import type { MethodFields } from "../method.js";
import { parseCheckpoints, parseSeeds } from "./eval_arguments.js";
import { DRAWS } from "./families.js";
import { named, names, oneFile, parseFlags } from "./flags.js";
import { METHODS_HELP, parseMethods } from "./methods.js";

/** What `dynscaling replay` was asked to do. */
export interface ReplayArguments {
  pool: string;
  methods: Record<string, MethodFields>;
  checkpoints: CheckpointOptions;
  seeds: number[];
  draw: Draw;
  report: string | undefined;
  figures: string | undefined;
}

const OPTIONS = {
  methods: { type: "string", default: "withoutIntegratedSampling,selfConsistency" },
  budgets: { type: "string", default: "4,8,16,32" },
  "output-token-budgets": { type: "string" },
  seeds: { type: "string", default: "20" },
  draw: { type: "string", default: withReplacement.name },
  report: { type: "string" },
  figures: { type: "string" },
} as const satisfies ParseArgsConfig["options"];

/** The help text of `dynscaling replay`. */
export const REPLAY_HELP: string = `dynscaling replay POOL.jsonl [options]

Runs methods over recorded answers, at no cost. All methods of a seed are given the
same samples. Methods that condition samples on others are replayed unit by unit, from
a pool that dynscaling eval --pool wrote of a run with the same chains.

POOL.jsonl holds one object a line: {"id": "q1", "gold": "…", "samples":
[{"answer": "…", "tokens": 700}, …]}; answer null: none could be read.

  --methods METHOD,…         (default: ${OPTIONS.methods.default})
  --budgets N,…              samples per question on average (default: ${OPTIONS.budgets.default})
  --output-token-budgets N,… the same in output tokens
  --seeds N                  runs of every method, with seeds from 0 (default: ${OPTIONS.seeds.default})
  --draw NAME                ${names(DRAWS)} (default: ${OPTIONS.draw.default})
  --report FILE.html         figures and tables as one page
  --figures FOLDER           each figure as an SVG file

${METHODS_HELP}`;

/** @throws {UsageError} that names the option, the value and the fix */
export function parseReplayArguments(args: string[]): ReplayArguments {
  const { values, positionals } = parseFlags("replay", args, OPTIONS);
  return {
    pool: oneFile(positionals, "Name a file of recorded answers: dynscaling replay POOL.jsonl", "pool"),
    methods: parseMethods(values.methods),
    checkpoints: parseCheckpoints(values.budgets, values["output-token-budgets"]),
    seeds: parseSeeds(values.seeds),
    draw: named("draw", values.draw, DRAWS),
    report: values.report,
    figures: values.figures,
  };
}
