import type { ParseArgsConfig } from "node:util";
import { DEFAULT_BUDGET } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import type { Sampler } from "../core/types.js";
import { finalAnswer } from "../extractors/final_answer.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import { DEFAULT_METHOD } from "../method.js";
import type { MethodFields } from "../method.js";
import { guarded } from "../prompts/guarded.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { EXTRACTORS_HELP, parseExtractor } from "./extractors.js";
import { ALLOCATORS, PROMPTS, SAMPLERS, UNCERTAINTY } from "./families.js";
import { ifGiven, named, names, number, oneFile, parseFlags, wholeNumber } from "./flags.js";
import { MODEL_FORMS } from "./models.js";
import { CALLS_HELP, SHARED_OPTIONS, parseCalls, parsePrices } from "./shared_flags.js";
import type { CallSettings } from "./shared_flags.js";
import { parseAllocator } from "./tuning.js";
import { UsageError } from "./usage_error.js";

/** What `dynscaling run` was asked to do. */
export interface RunArguments {
  questions: string;
  out: string;
  force: boolean;
  journal: string | undefined;
  model: string;
  temperature: number | undefined;
  maxOutputTokens: number | undefined;
  maxConcurrency: number;
  calls: CallSettings;
  seed: number;
  budget: Budget;
  method: MethodFields;
  extractor: AnswerExtractor;
}

const OPTIONS = {
  out: { type: "string" },
  force: { type: "boolean", default: false },
  journal: { type: "string" },
  model: { type: "string", default: "local" },
  budget: { type: "string" },
  "total-output-tokens": { type: "string" },
  "total-cost-usd": { type: "string" },
  temperature: { type: "string" },
  "max-output-tokens": { type: "string" },
  "max-concurrency": { type: "string", default: "16" },
  ...SHARED_OPTIONS,
  unit: { type: "string" },
  sampler: { type: "string", default: DEFAULT_METHOD.sampler.name },
  prompt: { type: "string", default: guarded.name },
  "max-thought-tokens": { type: "string" },
  allocator: { type: "string", default: DEFAULT_METHOD.allocator.name },
  uncertainty: { type: "string", default: DEFAULT_METHOD.uncertainty.name },
  extractor: { type: "string", default: finalAnswer.name },
  seed: { type: "string", default: "0" },
} as const satisfies ParseArgsConfig["options"];

/** The help text of `dynscaling run`. */
export const RUN_HELP: string = `dynscaling run QUESTIONS.jsonl --out RESULTS.jsonl [options]

Answers every question by majority vote over samples of a chat model, with one
budget shared by all questions. One result line per question is written.

QUESTIONS.jsonl holds one object a line: {"id": "q1", "question": "…", "answer": "…"};
only "question" is required, "answer" is the gold answer for the summary.

  --out FILE                 result lines; must not exist yet
  --force                    overwrite FILE
  --journal FILE             keeps every response as it arrives; started again with
                             the same file, only what is missing is paid for
  --model NAME               ${MODEL_FORMS} (default: ${OPTIONS.model.default})
  --budget N                 samples per question on average (default: ${DEFAULT_BUDGET.samplesPerInput})
  --total-output-tokens N    limit in output tokens for the whole run
  --total-cost-usd DOLLARS   limit in dollars for the whole run, prompts included;
                             needs the prices
  --input-price DOLLARS      per million tokens, to limit or only show the cost;
  --output-price DOLLARS     both or neither
  --temperature T            sampling temperature (default: the model's)
  --max-output-tokens N      output limit of one call (default: the model's)
  --max-concurrency N        calls in flight (default: ${OPTIONS["max-concurrency"].default})
${CALLS_HELP}
  --unit N                   samples per unit (default: ${DEFAULT_METHOD.unitSamples})
  --sampler NAME             ${names(SAMPLERS)} (default: ${OPTIONS.sampler.default})
  --prompt NAME              ${names(PROMPTS)} (default: ${OPTIONS.prompt.default})
  --max-thought-tokens N     most tokens that a chain quotes of each response, one for
                             each byte; of a longer one its end (default: no limit)
  --allocator NAME           ${names(ALLOCATORS)} (default: ${OPTIONS.allocator.default});
                             with options: ucb+c=1+share=0.1, or
                             voteIndex+share=0.1+price=0.002+maxSamples=64
  --uncertainty NAME         ${names(UNCERTAINTY)}
                             (default: ${OPTIONS.uncertainty.default})
  --extractor NAME           ${EXTRACTORS_HELP}
                             (default: ${OPTIONS.extractor.default})
  --seed N                   every random choice follows from it (default: ${OPTIONS.seed.default})
`;

/** @throws {UsageError} that names the option, the value and the fix */
export function parseRunArguments(args: string[]): RunArguments {
  const { values, positionals } = parseFlags("run", args, OPTIONS);
  const missing = "Name a file of questions: dynscaling run QUESTIONS.jsonl --out RESULTS.jsonl";
  const questions = oneFile(positionals, missing, "file of questions");
  if (values.out === undefined) throw new UsageError("Name a file for the results: --out RESULTS.jsonl");
  const unitSamples = ifGiven(wholeNumber, "unit", values.unit, 1);
  return {
    questions,
    out: values.out,
    force: values.force,
    journal: values.journal,
    model: values.model,
    temperature: ifGiven(number, "temperature", values.temperature, 0),
    maxOutputTokens: ifGiven(wholeNumber, "max-output-tokens", values["max-output-tokens"], 1),
    maxConcurrency: wholeNumber("max-concurrency", values["max-concurrency"], 1),
    calls: parseCalls(values),
    seed: wholeNumber("seed", values.seed, 0),
    budget: parseBudget(values),
    method: {
      sampler: parseSampler(values),
      allocator: parseAllocator(values.allocator),
      uncertainty: named("uncertainty", values.uncertainty, UNCERTAINTY),
      ...(unitSamples !== undefined && { unitSamples }),
    },
    extractor: parseExtractor(values.extractor),
  };
}

/** The options that are texts, as they were typed. */
type Texts = Partial<Record<Exclude<keyof typeof OPTIONS, "force">, string>>;

/** Without a limit for the whole run, the default in samples. */
function parseBudget(values: Texts): Budget {
  const samplesPerInput = ifGiven(number, "budget", values.budget, 1);
  const totalOutputTokens = ifGiven(wholeNumber, "total-output-tokens", values["total-output-tokens"], 1);
  const totalCostUsd = ifGiven(number, "total-cost-usd", values["total-cost-usd"], 0);
  const prices = parsePrices(values);
  if (totalCostUsd !== undefined && prices === null) {
    throw new UsageError(
      "--total-cost-usd needs what tokens cost: add --input-price and --output-price, in dollars per million tokens.",
    );
  }
  return {
    ...(totalOutputTokens === undefined && totalCostUsd === undefined && DEFAULT_BUDGET),
    ...(samplesPerInput !== undefined && { samplesPerInput }),
    ...(totalOutputTokens !== undefined && { totalOutputTokens }),
    ...(totalCostUsd !== undefined && { totalCostUsd }),
    ...(prices && { prices }),
  };
}

function parseSampler(values: Texts & Record<"sampler" | "prompt", string>): Sampler<TurnsPrompt> {
  const maxThoughtTokens = ifGiven(wholeNumber, "max-thought-tokens", values["max-thought-tokens"], 1);
  const prompt = named("prompt", values.prompt, PROMPTS);
  const make = named("sampler", values.sampler, SAMPLERS);
  const sampler = make({ prompt, ...(maxThoughtTokens !== undefined && { maxThoughtTokens }) });
  if (maxThoughtTokens !== undefined && sampler.name !== DEFAULT_METHOD.sampler.name) {
    throw new UsageError(
      `--max-thought-tokens: ${sampler.name} has no chains that quote; leave it out, or use --sampler ${DEFAULT_METHOD.sampler.name}.`,
    );
  }
  return sampler;
}
