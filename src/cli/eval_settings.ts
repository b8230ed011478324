import type { Allocator } from "../core/types.js";
import { questionsHashOf } from "../evaluation/dataset.js";
import type { Question } from "../evaluation/dataset.js";
import type { EvaluateOptions } from "../evaluation/evaluate.js";
import { readGold } from "../evaluation/gold.js";
import type { Run } from "../evaluation/run.js";
import { finalAnswer } from "../extractors/final_answer.js";
import type { FileJournal } from "../journal/file_journal.js";
import { outputLimit } from "../langchain/model.js";
import { resolveMethod } from "../method.js";
import type { EvalArguments } from "./eval_arguments.js";
import { imaginedArm } from "./imagined_arm.js";
import { openModel } from "./models.js";
import { UsageError } from "./usage_error.js";

/** What `evaluate()` is given, once it is sure that the runs there are fit it. */
export async function evaluateOptions(
  settings: EvalArguments,
  dataset: readonly Question[],
  runs: readonly Run[],
  journal?: FileJournal,
): Promise<EvaluateOptions> {
  const { methods, seeds, extractor, maxConcurrency, maxOutputTokens, checkpoints } = settings;
  const options: EvaluateOptions = {
    // A local model that started again with the same seed would say the same again, and
    // runs of two seeds would be one run twice.
    model: await openModel(settings.model, { ...settings, seed: runs.length + (journal?.size ?? 0) }),
    modelName: modelName(settings),
    dataset,
    methods,
    seeds,
    extractor,
    maxConcurrency,
    finished: [...runs],
    ...settings.calls,
    ...(journal && { journal }),
    ...(maxOutputTokens !== undefined && { maxOutputTokensPerSample: maxOutputTokens }),
    ...checkpoints,
  };
  if (checkpoints.outputTokensPerInput && (maxOutputTokens ?? outputLimit(options.model)) === undefined) {
    throw new UsageError(
      "--output-token-budgets needs to know the worst case of a call: add --max-output-tokens N.",
    );
  }
  await requireSameSettings(settings.runs, runs, options);
  return options;
}

/** Answers of another temperature, or read in another way, are those of another model. */
function modelName({ model, temperature, maxOutputTokens, extractor }: EvalArguments): string {
  return [
    model,
    ...(temperature === undefined ? [] : [`temperature ${temperature}`]),
    ...(maxOutputTokens === undefined ? [] : [`at most ${maxOutputTokens} output tokens`]),
    ...(extractor === finalAnswer ? [] : [`read by ${extractor.name}`]),
  ].join(", ");
}

async function requireSameSettings(
  file: string,
  runs: readonly Run[],
  { dataset, extractor = finalAnswer, ...options }: EvaluateOptions,
): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const budgets = options.samplesPerInput ?? options.outputTokensPerInput ?? [];
  const unit = options.samplesPerInput ? "samples" : "outputTokens";
  const amounts = [...new Set(budgets)].toSorted((a, b) => a - b);
  const golds = await Promise.all(
    dataset.map(({ answer }) => (answer === undefined ? null : readGold(answer, extractor))),
  );
  const differs = Object.entries({
    model: [first.model, options.modelName],
    budgets: [`${first.checkpoints.join(",")} ${first.unit}`, `${amounts.join(",")} ${unit}`],
    questions: [first.questions.map(({ id }) => id), dataset.map(({ id }) => id)],
    "gold answers": [first.questions.map(({ gold }) => gold), golds],
    "question texts (the ids are the same; the prompt, or what the layout adds to it, is not)": [
      [first.questionsHash],
      [questionsHashOf(dataset)],
    ],
    "--max-concurrency, by which a round serves fewer questions or more": concurrencies(
      runs,
      dataset.length,
      options,
    ),
  }).find(([, [there, asked]]) => JSON.stringify(there) !== JSON.stringify(asked));
  if (differs === undefined) return;
  const [what, [there, asked]] = differs;
  const values = Array.isArray(there) ? "" : `: "${String(there)}" there, "${String(asked)}" here`;
  throw new UsageError(
    `--runs: the runs in ${file} were made with another setting of ${what}${values}. Repeat it, or name another file.`,
  );
}

/** Both limits, of the first run of a method whose rounds serve others under that of now. */
function concurrencies(
  runs: readonly Run[],
  inputs: number,
  { methods, maxConcurrency = Infinity }: Pick<EvaluateOptions, "methods" | "maxConcurrency">,
): [string, string] {
  for (const { method, maxConcurrency: limit = Infinity } of runs) {
    const fields = methods[method];
    // Not asked for again, it gets no further runs that could differ.
    if (fields === undefined) continue;
    const { allocator, unitSamples } = resolveMethod(fields, 0);
    const [there, here] = [limit, maxConcurrency].map((slots) =>
      served(allocator, { inputs, unitSamples, slots }),
    );
    if (there !== here) return [`${limit} for ${method}`, `${maxConcurrency} for ${method}`];
  }
  return ["", ""];
}

/** How many questions a round serves after the first. */
function served(
  allocator: Allocator,
  { inputs, unitSamples, slots }: { inputs: number; unitSamples: number; slots: number },
): number {
  // Some allocators rank none without an answer.
  const arms = Array.from({ length: inputs }, (_, index) => imaginedArm(index, ["1"]));
  const pulls = inputs * unitSamples;
  const context = { usedSamples: pulls, unitSamples, pulls, arms: inputs, slots, meanOutputTokens: null };
  return allocator.allocate(arms, { ...context, random: () => 0 }).filter((granted) => granted > 0).length;
}
