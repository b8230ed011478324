#!/usr/bin/env node
import { RUN_HELP } from "./cli/arguments.js";
import { run } from "./cli/run.js";
import { UsageError } from "./cli/usage_error.js";
import { OptionError } from "./core/errors.js";

const HELP = `dynscaling: one sampling budget over many questions, and a vote on each answer

  dynscaling run QUESTIONS.jsonl --out RESULTS.jsonl [options]

Help on a command: dynscaling run --help
`;

async function main([command, ...args]: string[]): Promise<number> {
  if (command === undefined || command === "--help" || command === "-h") {
    process.stdout.write(HELP);
    return command === undefined ? 2 : 0;
  }
  if (command !== "run")
    throw new UsageError(`There is no command "${command}"; known is run. See dynscaling --help.`);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(RUN_HELP);
    return 0;
  }
  const stop = new AbortController();
  // Stays registered: packages that clean up at exit kill a process that has no listener of its own left.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort(new Error("Stopped by the user."));
    });
  }
  return run(args, { stdout: process.stdout, stderr: process.stderr, signal: stop.signal });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const foreseen = error instanceof UsageError || error instanceof OptionError;
  process.stderr.write(`dynscaling: ${foreseen ? error.message : (error as Error).stack}\n`);
  process.exitCode = foreseen ? 2 : 1;
}
