import { open } from "node:fs/promises";
import type { EvaluateOptions } from "../evaluation/evaluate.js";
import { keptSamples } from "../evaluation/kept_samples.js";
import type { KeptSample } from "../evaluation/kept_samples.js";
import { readLines } from "../journal/lines.js";
import { exists } from "./exists.js";

/**
 * What the file of a journal holds for the runs to be made. It is only read: no lock is
 * taken, so that another process may be adding to it, and none is begun.
 *
 * @throws {OptionError} if the file is no journal, or is damaged
 */
export async function readKept(path: string | undefined, options: EvaluateOptions): Promise<KeptSample[]> {
  if (path === undefined || !(await exists(path))) return [];
  const file = await open(path, "r");
  try {
    const { places } = await readLines(file, path);
    const read = async (key: string): Promise<Uint8Array | undefined> => {
      const place = places.get(key);
      if (place === undefined) return undefined;
      const value = new Uint8Array(place.length);
      await file.read(value, 0, place.length, place.start);
      return value;
    };
    const journal = {
      mget: (keys: string[]) => Promise.all(keys.map(read)),
      async *yieldKeys(): AsyncGenerator<string> {
        yield* places.keys();
      },
    };
    return await keptSamples(journal, options);
  } finally {
    await file.close();
  }
}
