import type { ParseArgsConfig } from "node:util";
import type { Prices } from "../core/budget.js";
import type { CheckpointOptions } from "../evaluation/checkpoints.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import type { MethodFields } from "../method.js";
import { EXTRACTORS_HELP, parseExtractor } from "./extractors.js";
import { ifGiven, named, names, number, numbers, parseFlags, wholeNumber } from "./flags.js";
import { LAYOUTS } from "./layouts.js";
import type { Layout } from "./layouts.js";
import { METHODS_HELP, parseMethods } from "./methods.js";
import { MODEL_FORMS } from "./models.js";
import { CALLS_HELP, SHARED_OPTIONS, parseCalls, parsePrices } from "./shared_flags.js";
import type { CallSettings } from "./shared_flags.js";
import { UsageError } from "./usage_error.js";

/** What `dynscaling eval` was asked to do. */
export interface EvalArguments {
  /** At least one file. */
  questions: string[];
  layout: Layout;
  runs: string;
  journal: string | undefined;
  methods: Record<string, MethodFields>;
  checkpoints: CheckpointOptions;
  seeds: number[];
  model: string;
  temperature: number | undefined;
  maxOutputTokens: number | undefined;
  maxConcurrency: number;
  calls: CallSettings;
  extractor: AnswerExtractor;
  prices: Prices | null;
  dryRun: boolean;
  report: string | undefined;
  figures: string | undefined;
  pool: string | undefined;
}

const OPTIONS = {
  layout: { type: "string", default: "jsonl" },
  runs: { type: "string" },
  journal: { type: "string" },
  methods: { type: "string", default: "dynscaling,selfConsistency" },
  budgets: { type: "string", default: "8,16,32" },
  "output-token-budgets": { type: "string" },
  seeds: { type: "string", default: "1" },
  model: { type: "string", default: "local" },
  temperature: { type: "string" },
  "max-output-tokens": { type: "string" },
  "max-concurrency": { type: "string", default: "16" },
  extractor: { type: "string" },
  ...SHARED_OPTIONS,
  "dry-run": { type: "boolean", default: false },
  report: { type: "string" },
  figures: { type: "string" },
  pool: { type: "string" },
} as const satisfies ParseArgsConfig["options"];

/** More runs are a slip of the hand. */
const MOST_SEEDS = 100_000;

/** The help text of `dynscaling eval`. */
export const EVAL_HELP: string = `dynscaling eval QUESTIONS… --runs RUNS.jsonl [options]

Compares methods on a dataset with a live model, at equal output tokens. Every run
of a method is added to RUNS.jsonl as it ends; started again with the same file,
it pays only for the runs that are missing.

QUESTIONS holds one object a line: {"id": "q1", "question": "…", "answer": "…"}; or it
is AIME (JSON lines or CSV) or GPQA (CSV) as published, with its --layout. Several files
are one dataset, such as two years of AIME; the name of its file then leads each id.

  --layout NAME              ${names(LAYOUTS)} (default: ${OPTIONS.layout.default})
  --runs FILE                runs, added to what the file holds; one process at a time
  --journal FILE             keeps every response as it arrives; started again, a
                             run that was cut short goes on where it stood
  --methods METHOD,…         (default: ${OPTIONS.methods.default})
  --budgets N,…              samples per question on average at which each run is
                             looked at; it goes on to the last (default: ${OPTIONS.budgets.default})
  --output-token-budgets N,… the same in output tokens
  --seeds N                  runs of every method, with seeds from 0 (default: ${OPTIONS.seeds.default})
  --model NAME               ${MODEL_FORMS} (default: ${OPTIONS.model.default})
  --temperature T            sampling temperature (default: the model's)
  --max-output-tokens N      output limit of one call (default: the model's)
  --max-concurrency N        calls in flight (default: ${OPTIONS["max-concurrency"].default})
${CALLS_HELP}
  --extractor NAME           ${EXTRACTORS_HELP}
                             (default: ${extractorsByLayout()})
  --input-price DOLLARS      per million tokens, to show what a method costs;
  --output-price DOLLARS     both or neither
  --dry-run                  only say what would be spent, at most and about
  --report FILE.html         figures and tables as one page
  --figures FOLDER           each figure as an SVG file
  --pool FILE.jsonl          answers and whole units as a pool for dynscaling replay

${METHODS_HELP}`;

function extractorsByLayout(): string {
  return Object.entries(LAYOUTS)
    .map(([name, { extractor }]) => `${extractor.name} for ${name}`)
    .join(", ");
}

/** @throws {UsageError} that names the option, the value and the fix */
export function parseEvalArguments(args: string[]): EvalArguments {
  const { values, positionals } = parseFlags("eval", args, OPTIONS);
  if (positionals.length === 0)
    throw new UsageError("Name a file of questions: dynscaling eval QUESTIONS.jsonl --runs RUNS.jsonl");
  if (values.runs === undefined) throw new UsageError("Name a file for the runs: --runs RUNS.jsonl");
  const layout = named("layout", values.layout, LAYOUTS);
  return {
    questions: positionals,
    layout,
    runs: values.runs,
    journal: values.journal,
    methods: parseMethods(values.methods),
    checkpoints: parseCheckpoints(values.budgets, values["output-token-budgets"]),
    seeds: parseSeeds(values.seeds),
    model: values.model,
    temperature: ifGiven(number, "temperature", values.temperature, 0),
    maxOutputTokens: ifGiven(wholeNumber, "max-output-tokens", values["max-output-tokens"], 1),
    maxConcurrency: wholeNumber("max-concurrency", values["max-concurrency"], 1),
    calls: parseCalls(values),
    extractor: parseExtractor(values.extractor ?? layout.extractor.name),
    prices: parsePrices(values),
    dryRun: values["dry-run"],
    report: values.report,
    figures: values.figures,
    pool: values.pool,
  };
}

export function parseCheckpoints(samples: string, outputTokens: string | undefined): CheckpointOptions {
  return outputTokens === undefined
    ? { samplesPerInput: numbers("budgets", samples, 1) }
    : { outputTokensPerInput: numbers("output-token-budgets", outputTokens, 1) };
}

export function parseSeeds(count: string): number[] {
  const seeds = wholeNumber("seeds", count, 1);
  if (seeds > MOST_SEEDS) throw new UsageError(`--seeds: got "${count}". Give at most ${MOST_SEEDS}.`);
  return Array.from({ length: seeds }, (_, seed) => seed);
}
