import { constants } from "node:fs";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { samplePool } from "../core/budget.js";
import { DynScaling } from "../dynscaling.js";
import { parseDataset } from "../evaluation/dataset.js";
import type { Question } from "../evaluation/dataset.js";
import { FileJournal } from "../journal/file_journal.js";
import { exists } from "./exists.js";
import { parseRunArguments } from "./run_arguments.js";
import type { RunArguments } from "./run_arguments.js";
import { openModel } from "./models.js";
import type { ModelSettings } from "./models.js";
import { requireWritable } from "./outputs.js";
import { Progress } from "./progress.js";
import type { Target } from "./progress.js";
import { readAs } from "./read_file.js";
import { resultLine, summary } from "./results.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage_error.js";

/**
 * `dynscaling run`. All that can be wrong is checked before the first call; on
 * Ctrl-C the votes over what arrived are written.
 *
 * @returns exit code: 0, 1 if a question got no response, 130 if stopped
 * @throws {UsageError | OptionError} before anything is spent
 */
export async function run(args: string[], { stdout, stderr, signal }: Terminal): Promise<number> {
  const options = parseRunArguments(args);
  const questions = await readQuestions(options.questions);
  await requireWritable({ journal: options.journal }, [options.questions, options.out]);
  const journal = options.journal === undefined ? undefined : await FileJournal.open(options.journal);
  try {
    return await answer(options, questions, journal, { stdout, stderr, signal });
  } finally {
    await journal?.close();
  }
}

async function answer(
  options: RunArguments,
  questions: readonly Question[],
  journal: FileJournal | undefined,
  { stdout, stderr, signal }: Terminal,
): Promise<number> {
  const scaled = await openScaled(options, journal);
  const existed = await exists(options.out);
  const out = await openOut(options);
  let written = false;
  try {
    const progress = new Progress("sampling", targetOf(options, questions.length), stderr);
    const startedAt = Date.now();
    const records = await scaled.solve(
      questions.map(({ question }) => question),
      { signal, maxConcurrency: options.maxConcurrency, callbacks: [progress] },
    );
    progress.finish();
    const results = await Promise.all(
      records.map((record, place) => resultLine(questions[place] as Question, record, options.extractor)),
    );
    const lines = results.map((result) => `${JSON.stringify(result)}\n`).join("");
    await write(options.out, out, lines, stdout);
    written = true;
    stdout.write(summary(results, (Date.now() - startedAt) / 1000, options.out));
    await awaitAllCallbacks();
    if (signal.aborted) return 130;
    return results.some(({ error }) => error !== undefined) ? 1 : 0;
  } finally {
    await out.close();
    if (!written && !existed) await rm(options.out);
  }
}

async function readQuestions(path: string): Promise<Question[]> {
  const questions = await readAs(path, parseDataset);
  if (questions.length === 0) throw new UsageError(`${path} holds no question.`);
  return questions;
}

async function openScaled(options: RunArguments, journal: FileJournal | undefined): Promise<DynScaling> {
  const model = await openModel(options.model, modelSettings(options, journal));
  const { budget, method, extractor, seed, calls } = options;
  return new DynScaling({ model, budget, extractor, seed, ...calls, ...method, ...(journal && { journal }) });
}

/** A local model that started again with the same seed would say again what the journal replays. */
function modelSettings(options: RunArguments, journal: FileJournal | undefined): ModelSettings {
  return { ...options, seed: options.seed + (journal?.size ?? 0) };
}

/**
 * Opened before the first call, so that results which were paid for can be written. A file
 * without contents may be what a killed run has left.
 */
async function openOut({ out, force, questions }: RunArguments): Promise<FileHandle> {
  if ((await exists(out)) && (await realpath(out)) === (await realpath(questions))) {
    throw new UsageError(`--out: ${out} is the file of questions; name another file.`);
  }
  try {
    const isFree = force || (await isEmpty(out));
    return await open(out, constants.O_WRONLY | constants.O_CREAT | (isFree ? 0 : constants.O_EXCL));
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new UsageError(
      taken
        ? `--out: ${out} exists already; name another file, or add --force to overwrite it.`
        : `--out: ${(error as Error).message}`,
    );
  }
}

async function isEmpty(path: string): Promise<boolean> {
  return stat(path).then(
    (file) => file.isFile() && file.size === 0,
    () => false,
  );
}

/**
 * All at once, so that a killed run leaves no half of it. What was paid for is not lost to
 * a full disk: it goes to the standard output instead.
 */
async function write(
  path: string,
  out: FileHandle,
  lines: string,
  stdout: Terminal["stdout"],
): Promise<void> {
  try {
    if (!(await out.stat()).isFile()) return await out.writeFile(lines);
    const place = await realpath(path);
    const part = `${place}.part`;
    await writeFile(part, lines);
    await rename(part, place).catch(async (error: unknown) => {
      await rm(part, { force: true });
      throw error;
    });
  } catch (error) {
    stdout.write(lines);
    throw error;
  }
}

/** What progress counts towards: the first of the limits that there is. */
function targetOf({ budget }: RunArguments, questions: number): Target {
  const samples = samplePool(budget, questions);
  if (samples < Infinity) return { samples };
  const { totalOutputTokens, totalCostUsd = Infinity, prices } = budget;
  return totalOutputTokens === undefined && prices
    ? { costUsd: totalCostUsd, prices }
    : { outputTokens: totalOutputTokens ?? Infinity };
}
