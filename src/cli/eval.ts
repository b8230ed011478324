import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import type { Question } from "../evaluation/dataset.js";
import { estimateEvaluation } from "../evaluation/estimate.js";
import { evaluate } from "../evaluation/evaluate.js";
import { IncompleteRunError } from "../evaluation/incomplete.js";
import { keptSamples } from "../evaluation/kept_samples.js";
import { formatPool, poolOf } from "../evaluation/pool.js";
import type { Run } from "../evaluation/run.js";
import { formatRun } from "../evaluation/runs_file.js";
import { FileJournal } from "../journal/file_journal.js";
import { parseEvalArguments } from "./eval_arguments.js";
import type { EvalArguments } from "./eval_arguments.js";
import { readKept } from "./eval_journal.js";
import { evaluateOptions } from "./eval_settings.js";
import { describeEstimate } from "./estimate_text.js";
import { requireOwn, requireWritable } from "./outputs.js";
import { poolWarning } from "./pool_warning.js";
import { Progress } from "./progress.js";
import { readAs } from "./read_file.js";
import { requirePictures, writePictures } from "./report.js";
import { RunsStore, readRuns } from "./runs_store.js";
import { scoreboard } from "./scoreboard.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage_error.js";

/**
 * `dynscaling eval`. All that can be wrong is checked before the first call; on
 * Ctrl-C the runs that are over are kept, and shown.
 *
 * @returns exit code: 0, 1 if failures ended a run, or 130 if stopped
 * @throws {UsageError | OptionError} before anything is spent
 */
export async function evaluateCommand(args: string[], terminal: Terminal): Promise<number> {
  const settings = parseEvalArguments(args);
  const dataset = await readDataset(settings);
  if (dataset.length === 0) throw new UsageError(`${settings.questions.join(", ")} holds no question.`);
  await requirePictures(settings);
  await requireWritable({ pool: settings.pool, report: settings.report, journal: settings.journal }, [
    ...settings.questions,
    settings.runs,
  ]);
  if (settings.dryRun) {
    const runs = await readRuns(settings.runs);
    const options = await evaluateOptions(settings, dataset, runs);
    const estimate = estimateEvaluation(options, runs, await readKept(settings.journal, options));
    terminal.stdout.write(`${describeEstimate(estimate, settings.prices)}\n`);
    return 0;
  }
  const store = await RunsStore.open(settings.runs);
  let journal: FileJournal | undefined;
  try {
    if (settings.journal !== undefined) journal = await FileJournal.open(settings.journal);
    return await sample(settings, dataset, { store, journal }, terminal);
  } finally {
    await journal?.close();
    await store.close();
  }
}

/** Years of one contest number their problems alike, so the name of the file leads the id where there are several. */
async function readDataset({ questions: files, layout }: EvalArguments): Promise<Question[]> {
  const repeated = files.find(
    (file, place) => files.findIndex((each) => basename(each) === basename(file)) < place,
  );
  if (repeated !== undefined)
    throw new UsageError(
      `Two files of questions are called ${basename(repeated)}; give them names of their own.`,
    );
  const parts = await Promise.all(files.map((file) => readAs(file, layout.parse)));
  if (files.length === 1) return parts.flat();
  return parts.flatMap((part, place) =>
    part.map((question) => ({ ...question, id: `${basename(files[place] ?? "")}:${question.id}` })),
  );
}

async function sample(
  settings: EvalArguments,
  dataset: readonly Question[],
  { store, journal }: { store: RunsStore; journal: FileJournal | undefined },
  { stdout, stderr, signal }: Terminal,
): Promise<number> {
  const runs = [...store.runs];
  const options = await evaluateOptions(settings, dataset, runs, journal);
  await requireOwn("pool", settings.pool, formatPool(poolOf(runs)));
  const warning = settings.pool === undefined ? null : poolWarning(settings.methods, runs);
  if (warning !== null) stderr.write(`dynscaling: ${warning}\n`);
  const kept = journal === undefined ? [] : await keptSamples(journal, options);
  const estimate = estimateEvaluation(options, runs, kept);
  stderr.write(`${describeEstimate(estimate, settings.prices)}\n`);
  const target =
    estimate.calls === null
      ? { outputTokens: estimate.maxOutputTokens ?? 0 }
      : // What the journal gives counts as progress.
        { samples: estimate.calls + kept.length };
  const progress = new Progress("sampling", target, stderr);
  let started = false;
  let failure: string | null = null;
  try {
    for await (const run of evaluate({ ...options, signal, callbacks: [progress] })) {
      started = true;
      await keep(run, store, stdout);
      runs.push(run);
    }
  } catch (error) {
    if (error instanceof IncompleteRunError) failure = adviceOn(error, journal !== undefined);
    else if (!signal.aborted) throw error;
    started = true;
  } finally {
    if (started) progress.finish();
    await awaitAllCallbacks();
  }
  await show(runs, settings, stdout);
  if (failure !== null) stderr.write(`dynscaling: ${failure}\n`);
  return signal.aborted ? 130 : failure === null ? 0 : 1;
}

/** A run with a question that nobody answered is not kept: it would count as wrong. */
function adviceOn({ message }: IncompleteRunError, isJournaled: boolean): string {
  const rest = isJournaled
    ? "for what is missing (should it break off at the same place, name another journal)"
    : "for this run and those after it; with --journal FILE, a run that breaks off goes on where it stood";
  return `${message}\nIt is not kept; the runs before it are. Start again once the cause is mended, or without a question that is always refused (and with another file of runs): you pay only ${rest}.`;
}

/** What was paid for is not lost to a full disk: it goes to the standard output instead. */
async function keep(run: Run, store: RunsStore, stdout: Terminal["stdout"]): Promise<void> {
  try {
    await store.append(run);
  } catch (error) {
    stdout.write(formatRun(run));
    throw error;
  }
}

async function show(
  runs: readonly Run[],
  { pool, report, figures, prices, questions }: EvalArguments,
  stdout: Terminal["stdout"],
): Promise<void> {
  if (runs.length === 0) return;
  stdout.write(scoreboard(runs, { prices }));
  const samples = runs.flatMap((run) => run.questions.flatMap((question) => question.samples));
  const failed = samples.filter((call) => call.isRefunded).length;
  if (failed > 0) {
    const count = (value: number): string => value.toLocaleString("en");
    stdout.write(`${count(failed)} of ${count(samples.length)} calls failed and gave their samples back.\n`);
  }
  if (pool !== undefined) await writeFile(pool, formatPool(poolOf(runs)));
  await writePictures({ report, figures }, { title: `Methods compared on ${questions.join(", ")}`, runs });
}
