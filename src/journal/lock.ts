import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Another process has the file open, as far as anyone can tell. */
export class LockedError extends Error {
  override readonly name = "LockedError";
}

/** The locks of this process, which its number alone would not tell from those of a killed one. */
const held = new Set<string>();

/** So often the holder says that it is alive. */
const BEAT_MS = 5_000;

/** A holder that has not said so for this long is gone, where nothing else tells. */
const SILENT_MS = 30_000;

/**
 * Locks a file against other processes by a file beside it. The lock of a process
 * that was killed is taken over.
 *
 * @param path of a file that need not exist; no link, or two paths to it are two locks
 * @returns what gives the lock back
 * @throws {LockedError} if another process holds it, or this one does already
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const file = `${path}.lock`;
  const own = holderText(await ownHolder());
  while (!(await create(file, own))) {
    const holder = await readFile(file, "utf8").catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return undefined;
      // Asked again, it would say the same for ever.
      throw new LockedError(
        `the lock ${file} cannot be read (${(error as Error).message}); if no other process adds to ${path}, delete it.`,
      );
    });
    // It was given back in between.
    if (holder === undefined) continue;
    if (held.has(file) || !(await isGone(file, holder))) {
      throw new LockedError(
        `another process adds to ${path}; wait until it ends (of one that was killed in another container, half a minute), or name another file. If there is none, delete ${file}.`,
      );
    }
    await takeAway(file, holder);
  }
  held.add(file);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    held.delete(file);
    if ((await readFile(file, "utf8").catch(() => "")) === own) await rm(file, { force: true });
  };
}

/** Who holds a lock; "-" for what the system does not tell. */
interface Holder {
  pid: number;
  host: string;
  /** Changes when the machine starts again. */
  boot: string;
  /** In which the number of the process counts: that of a container, say. */
  namespace: string;
  /** When the process started, since the machine did. */
  start: string;
}

async function ownHolder(): Promise<Holder> {
  const [boot, namespace, start] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "-"),
    readlink("/proc/self/ns/pid").catch(() => "-"),
    startOf(process.pid),
  ]);
  return { pid: process.pid, host: hostname(), boot: boot.trim(), namespace, start };
}

/** "-" if there is no such process, or the system does not tell. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Its second field is a name in brackets, which may hold anything.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "-";
}

function holderText({ pid, host, boot, namespace, start }: Holder): string {
  return [pid, host, boot, namespace, start].join(" ");
}

/** Of an older version, which told less, too; `undefined` if it is none. */
function readHolder(text: string): Holder | undefined {
  const [, pid, host, boot = "-", namespace = "-", start = "-"] =
    /^(\d+) (\S+)(?: (\S+) (\S+) (\S+))?$/.exec(text) ?? [];
  return pid === undefined || host === undefined
    ? undefined
    : { pid: Number(pid), host, boot, namespace, start };
}

/** A lock that is there is whole: it is written elsewhere and then given its name. */
async function create(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${crypto.randomUUID()}`;
  try {
    await writeFile(aside, text, { flag: "wx" });
    await link(aside, file).catch((error: unknown) => {
      // Not every system has links.
      if (codeOf(error) !== "EEXIST") return writeFile(file, text, { flag: "wx" });
      throw error;
    });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Of two processes that find the same dead lock, one moves it; a lock that is alive is put back. */
async function takeAway(file: string, holder: string): Promise<void> {
  const aside = `${file}.${crypto.randomUUID()}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, "utf8")) === holder) await rm(aside, { force: true });
    else await rename(aside, file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** Whether the process that holds a lock was killed; of another machine nobody can tell. */
async function isGone(file: string, text: string): Promise<boolean> {
  // The machine died before it was written.
  if (text === "") return isSilent(file);
  const holder = readHolder(text);
  const own = await ownHolder();
  if (holder === undefined || holder.host !== own.host) return false;
  const isTold = (field: "boot" | "namespace" | "start"): boolean =>
    holder[field] !== "-" && own[field] !== "-";
  if (isTold("boot") && holder.boot !== own.boot) return true;
  if (isTold("namespace") && holder.namespace !== own.namespace) return isSilent(file);
  if (isTold("start")) return (await startOf(holder.pid)) !== holder.start;
  // In a container that was started again, the number of the killed process is ours.
  if (holder.pid === own.pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

async function isSilent(file: string): Promise<boolean> {
  const since = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Date.now() - since > SILENT_MS;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
