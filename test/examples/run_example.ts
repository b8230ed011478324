import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Ended {
  /** 0 if the example ended well. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs an example as written, without any key but those given and with no network beyond this machine. */
export function runExample(
  name: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Ended> {
  const preloads = ["--import", "tsx", "--import", "./test/support/redirect.mjs"];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...preloads, `examples/${name}.ts`, ...args],
      { cwd: ROOT, env: { PATH: process.env["PATH"], ...env }, timeout: 170_000 },
      (error: ExecFileException | null, stdout, stderr) =>
        // A signal leaves no code.
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}
