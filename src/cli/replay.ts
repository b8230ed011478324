import { setImmediate as nextTurn } from "node:timers/promises";
import { OptionError } from "../core/errors.js";
import { parsePool } from "../evaluation/pool.js";
import type { PoolQuestion } from "../evaluation/pool.js";
import { replay } from "../evaluation/replay.js";
import type { Run } from "../evaluation/run.js";
import { requireWritable } from "./outputs.js";
import { readAs } from "./read_file.js";
import { parseReplayArguments } from "./replay_arguments.js";
import { requirePictures, writePictures } from "./report.js";
import { scoreboard } from "./scoreboard.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage_error.js";

/**
 * `dynscaling replay`. On Ctrl-C the runs that are over are shown.
 *
 * @returns exit code: 0, or 130 if stopped
 * @throws {UsageError | OptionError} if an option or the pool is wrong
 */
export async function replayCommand(args: string[], { stdout, signal }: Terminal): Promise<number> {
  const { pool: path, methods, checkpoints, seeds, draw, report, figures } = parseReplayArguments(args);
  const pictures = { report, figures };
  const pool = await readAs(path, parsePool);
  await requirePictures(pictures);
  await requireWritable({ report }, [path]);
  const runs: Run[] = [];
  try {
    // Single samples are kept for the figures alone: there are millions in a thousand runs.
    for (const run of replay({ pool, methods, seeds, draw, ...checkpoints })) {
      runs.push(report === undefined && figures === undefined ? withoutSamples(run) : run);
      // Or Ctrl-C would be heard when all is over.
      await nextTurn();
      if (signal.aborted) break;
    }
  } catch (error) {
    throw inUserTerms(error, pool);
  }
  stdout.write(scoreboard(runs, { pool }));
  if (runs.length > 0) await writePictures(pictures, { title: `Methods replayed over ${path}`, runs, pool });
  return signal.aborted ? 130 : 0;
}

function withoutSamples({ questions, ...run }: Run): Run {
  return { ...run, questions: questions.map((question) => ({ ...question, samples: [] })) };
}

/** The library names a field of a method; the user typed the method's name. */
function inUserTerms(error: unknown, pool: readonly PoolQuestion[]): unknown {
  const [, name] =
    (error instanceof OptionError && /^replay\.methods\.(.*)\.sampler$/.exec(error.option)) || [];
  if (name === undefined) return error;
  const plans = new Set(pool.flatMap(({ units = {} }) => Object.keys(units)));
  const lacks =
    plans.size === 0
      ? "asks for conditioned samples, which this recording does not hold."
      : `asks for other units than this recording holds: ${[...plans].join("; ")}.`;
  return new UsageError(
    `--methods: "${name}" ${lacks} Leave it out, or run it with a model: dynscaling eval.`,
  );
}
