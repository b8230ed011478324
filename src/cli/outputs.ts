import { appendFile, readFile, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { exists } from "./exists.js";
import { UsageError } from "./usage_error.js";

/**
 * Finds out before anything is spent whether the files that a command writes at its
 * end can be written, and that none of them is one of those it reads or adds to.
 *
 * @param outputs paths by the option that names them
 * @param others the files that must be left alone
 * @throws {UsageError} that names the option
 */
export async function requireWritable(
  outputs: Readonly<Record<string, string | undefined>>,
  others: readonly string[],
): Promise<void> {
  const taken = new Set(await Promise.all(others.map(locate)));
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const place = await locate(path);
    if (taken.has(place)) throw new UsageError(`--${option}: ${path} is in use here; name another file.`);
    taken.add(place);
    const existed = await exists(path);
    await appendFile(path, "").catch((error: unknown) => {
      throw new UsageError(`--${option}: ${(error as Error).message}`);
    });
    if (!existed) await rm(path);
  }
}

/** @throws {UsageError} if the file holds anything but `text`: recorded answers were paid for */
export async function requireOwn(option: string, path: string | undefined, text: string): Promise<void> {
  if (path === undefined || !(await exists(path)) || (await readFile(path, "utf8")) === text) return;
  throw new UsageError(`--${option}: ${path} exists already, with other contents; name another file.`);
}

/** @throws {UsageError} if there is no such folder, and none can be made in an existing one */
export async function requireFolder(option: string, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const place = (await exists(path)) ? path : dirname(resolve(path));
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--${option}: ${place} is no folder.`);
}

/** The same for two paths to one file, which need not exist. */
async function locate(path: string): Promise<string> {
  const full = resolve(path);
  const folder = dirname(full);
  return realpath(full).catch(async () => join(await realpath(folder).catch(() => folder), basename(full)));
}
