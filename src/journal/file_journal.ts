import { constants, open, realpath, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { OptionError } from "../core/errors.js";
import { HEADER, formatLine, readLines } from "./lines.js";
import type { Place } from "./lines.js";
import { LockedError, lockFile } from "./lock.js";

/** Lines that wait to be written, and who waits for them. */
interface Waiting {
  key: string;
  line: Buffer;
  value: Place;
  settle: (error?: Error) => void;
}

/**
 * A journal in a file, for Node: one line for each call that was paid for, appended
 * and flushed to the disk before its samples count; calls that end together are
 * flushed together. Lines are only ever added. Values stay on the disk; memory
 * holds where they stand.
 *
 * One process at a time: a second one is refused, and should another program add to the
 * file all the same, nothing more is written. A line that a crash cut short is
 * taken off; any other damage is refused with its line number.
 */
export class FileJournal {
  readonly #handle: FileHandle;
  readonly #places: Map<string, Place>;
  readonly #unlock: () => Promise<void>;
  readonly #path: string;
  #end: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #broken: Error | undefined;

  private constructor(
    path: string,
    handle: FileHandle,
    contents: { places: Map<string, Place>; end: number },
    unlock: () => Promise<void>,
  ) {
    this.#path = path;
    this.#handle = handle;
    this.#places = contents.places;
    this.#end = contents.end;
    this.#unlock = unlock;
  }

  /**
   * Opens a journal, or begins one.
   *
   * @param path of the file; its folder must exist
   * @throws {OptionError} if the file cannot be written, is no journal, is damaged
   *   (with the number of the line), is open elsewhere, or has a second name (a hard link),
   *   under which it might be
   */
  static async open(path: string): Promise<FileJournal> {
    // Found out before it is locked, and so that two names of one file share a lock.
    const handle = await openForMore(path);
    let unlock: (() => Promise<void>) | undefined;
    try {
      await requireOneName(handle, path);
      unlock = await lockFile(await realpath(path));
      const contents = await readLines(handle, path);
      await handle.truncate(contents.end);
      if (contents.end === 0) {
        await handle.write(HEADER);
        contents.end = HEADER.length;
      }
      await handle.sync();
      await syncFolder(path);
      return new FileJournal(path, handle, contents, unlock);
    } catch (error) {
      await unlock?.();
      await handle.close();
      if (!(error instanceof LockedError)) throw error;
      throw new OptionError("journal", path, `${error.message[0]?.toUpperCase()}${error.message.slice(1)}`);
    }
  }

  /** Calls that it holds. */
  get size(): number {
    return this.#places.size;
  }

  /** The values of keys, in their order; `undefined` for one that it does not hold. */
  mget(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(this.#places.get(key))));
  }

  /**
   * Adds entries; settles when they are on the disk.
   *
   * @param pairs keys with values, each the UTF-8 bytes of JSON without a line break
   * @throws {Error} if the file cannot be written; from then on it takes nothing more
   */
  async mset(pairs: [string, Uint8Array][]): Promise<void> {
    if (this.#broken) throw this.#broken;
    const written = pairs.map(
      ([key, value]) =>
        new Promise<void>((resolve, reject) => {
          const settle = (error?: Error): void => (error ? reject(error) : resolve());
          this.#waiting.push({ key, ...formatLine(key, value), settle });
        }),
    );
    this.#writing ??= this.#write();
    await Promise.all(written);
  }

  /** Every key, in the order of its first entry; those that begin with `prefix`, if one is given. */
  async *yieldKeys(prefix = ""): AsyncGenerator<string> {
    for (const key of this.#places.keys()) if (key.startsWith(prefix)) yield key;
  }

  /**
   * Waits for what is being written, and lets another process have the file. A
   * journal that holds nothing leaves no file behind.
   */
  async close(): Promise<void> {
    await this.#writing;
    this.#broken ??= new Error(`The journal ${this.#path} is closed.`);
    await this.#handle.close();
    if (this.size === 0) await rm(this.#path, { force: true });
    await this.#unlock();
  }

  /** @throws {ChangedError} if anyone else added to the file, cut it or deleted it */
  async #requireSize(expected: number): Promise<void> {
    const { size, nlink } = await this.#handle.stat();
    if (size !== expected || nlink === 0) throw new ChangedError("something else changed or deleted it");
  }

  async #read(place: Place | undefined): Promise<Uint8Array | undefined> {
    if (place === undefined) return undefined;
    const value = new Uint8Array(place.length);
    const { bytesRead } = await this.#handle.read(value, 0, place.length, place.start);
    if (bytesRead < place.length) throw new Error(`The journal ${this.#path} was cut while it was open.`);
    return value;
  }

  /** One write and one flush for all that came while the last ones were under way. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#broken) throw this.#broken;
        const lines = Buffer.concat(group.map(({ line }) => line));
        await writeAll(this.#handle, lines);
        await this.#handle.datasync();
        await this.#requireSize(this.#end + lines.length);
      } catch (error) {
        this.#broken ??= new Error(
          `The journal ${this.#path} cannot be written: ${(error as Error).message}`,
          { cause: error },
        );
        // Half a line must not stay; if it does, the next start takes it off.
        if (!(error instanceof ChangedError)) await this.#handle.truncate(this.#end).catch(() => {});
        for (const { settle } of group) settle(this.#broken);
        continue;
      }
      for (const { key, line, value, settle } of group) {
        this.#places.set(key, { start: this.#end + value.start, length: value.length });
        this.#end += line.length;
        settle();
      }
    }
    this.#writing = undefined;
  }
}

/** What is in the file is no longer what this process wrote to it. */
class ChangedError extends Error {
  override readonly name = "ChangedError";
}

/** Each name would have a lock of its own. */
async function requireOneName(handle: FileHandle, path: string): Promise<void> {
  const { nlink } = await handle.stat();
  if (nlink <= 1) return;
  const fix = "It has a second name (a hard link), under which it may be open; copy it to a file of its own.";
  throw new OptionError("journal", path, fix);
}

/** Whatever happens, nothing that is in the file is overwritten. */
const FOR_MORE = constants.O_RDWR | constants.O_APPEND;

async function openForMore(path: string): Promise<FileHandle> {
  try {
    return await open(path, FOR_MORE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(path, error);
  }
  return open(path, FOR_MORE | constants.O_CREAT | constants.O_EXCL).catch((error: unknown) => {
    // Another process began it in between; the lock decides.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(path, error);
    return open(path, FOR_MORE).catch((refused: unknown) => {
      throw unusable(path, refused);
    });
  });
}

function unusable(path: string, error: unknown): OptionError {
  return new OptionError("journal", path, `Name a file that can be written (${(error as Error).message}).`);
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done);
    done += bytesWritten;
  }
}

/** The name of a new file is data of its folder. Not every system lets a folder be flushed. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
