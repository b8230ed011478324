import { setImmediate as nextTurn } from "node:timers/promises";
import { OptionError } from "../core/errors.js";
import { parsePool } from "../evaluation/pool.js";
import type { PoolQuestion } from "../evaluation/pool.js";
import { widened } from "../evaluation/checkpoints.js";
import { replay } from "../evaluation/replay.js";
import type { ReplayOptions } from "../evaluation/replay.js";
import type { Run } from "../evaluation/run.js";
import { requireWritable } from "./outputs.js";
import { readAs } from "./read_file.js";
import { parseReplayArguments } from "./replay_arguments.js";
import { requirePictures, writePictures } from "./report.js";
import { REFERENCE, scoreboard } from "./scoreboard.js";
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
  // Single samples are kept for the figures alone: there are millions in a thousand runs.
  const isDrawn = report !== undefined || figures !== undefined;
  const options = { pool, methods, seeds, draw, ...checkpoints };
  const runs = await replayed(options, signal, isDrawn ? (run) => run : withoutSamples);
  const { [REFERENCE]: baseline, ...others } = methods;
  const isCompared = baseline !== undefined && Object.keys(others).length > 0;
  const wide = { pool, methods: { [REFERENCE]: baseline ?? {} }, seeds, draw, ...widened(checkpoints) };
  const widely = isCompared && !signal.aborted ? await replayed(wide, signal, withoutSamples) : undefined;
  // Cut short, it would have other seeds than what it is compared with.
  const reference = signal.aborted ? undefined : widely;
  stdout.write(scoreboard(runs, { pool, ...(reference && { reference }) }));
  if (runs.length > 0) {
    const title = `Methods replayed over ${path}`;
    await writePictures(pictures, { title, runs, pool, reference });
  }
  return signal.aborted ? 130 : 0;
}

/** The runs that are over when all are, or on Ctrl-C. */
async function replayed(
  options: ReplayOptions,
  signal: AbortSignal,
  keep: (run: Run) => Run,
): Promise<Run[]> {
  const runs: Run[] = [];
  try {
    for (const run of replay(options)) {
      runs.push(keep(run));
      // Or Ctrl-C would be heard when all is over.
      await nextTurn();
      if (signal.aborted) break;
    }
  } catch (error) {
    throw inUserTerms(error, options.pool);
  }
  return runs;
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
