import { OptionError } from "../core/errors.js";
import { readJsonLines, unreadable } from "./json_lines.js";
import type { Run } from "./run.js";

/** A run as one line of text, to be appended to a file as soon as the run is over. */
export function formatRun(run: Run): string {
  return `${JSON.stringify(run)}\n`;
}

/**
 * Reads the lines that `formatRun` wrote. A last line without its line break was
 * cut off by a crash and is left out; its run is simply made again.
 *
 * @throws {OptionError} that names the first other line which is no run, or two
 *   runs that were not made alike: other questions or texts of them, or other checkpoints
 */
export function parseRuns(text: string): Run[] {
  const runs = readJsonLines(text.slice(0, text.lastIndexOf("\n") + 1), readRun);
  const [first] = runs;
  const other = runs.find((run) => first !== undefined && setting(run) !== setting(first));
  if (other !== undefined) {
    throw new OptionError(
      "runs",
      `${other.method} with seed ${other.seed}`,
      "It was made with another model, other questions, other texts of them (as another prompt or layout gives) or other checkpoints than the first run; move its line to a file of its own.",
    );
  }
  return runs;
}

/** What two runs must share to be compared. */
function setting({ model, unit, checkpoints, questionsHash, questions }: Run): string {
  return JSON.stringify([
    model,
    unit,
    checkpoints,
    questionsHash,
    questions.map(({ id, gold }) => [id, gold]),
  ]);
}

function readRun(fields: Record<string, unknown>, number: number, line: string): Run {
  const { method, seed, model = null, unit, checkpoints, questions, seconds } = fields;
  const sound =
    typeof method === "string" &&
    Number.isSafeInteger(seed) &&
    (model === null || typeof model === "string") &&
    (unit === "samples" || unit === "outputTokens") &&
    Array.isArray(checkpoints) &&
    Array.isArray(questions) &&
    (seconds === null || typeof seconds === "number");
  if (!sound) throw unreadable(number, line, "It is no run of an evaluation or a replay.");
  return { ...fields, model } as unknown as Run;
}
