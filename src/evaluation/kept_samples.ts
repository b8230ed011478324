import { decodeEntry, restoreResponse } from "../langchain/journal_entry.js";
import { hash, messagesHash, methodHash, modelHash, parseCallKey } from "../langchain/journal_keys.js";
import { sharedUsage, toMessages } from "../langchain/messages.js";
import { resolveMethod } from "../method.js";
import { plannedRuns } from "./evaluate.js";
import type { EvaluateOptions, PlannedRun } from "./evaluate.js";
import type { ListedJournal } from "./journal_pool.js";
import type { RunSample } from "./run.js";

/** A response that a journal holds for a run that is still to be made. */
export interface KeptSample extends PlannedRun, Pick<RunSample, "stage" | "inputTokens" | "outputTokens"> {}

/** Entries that are read together: their texts may be long. */
const TOGETHER = 256;

/**
 * The responses that a journal holds for the runs which an evaluation is still to make.
 * Calls that failed are left out: they gave their samples back.
 */
export async function keptSamples(
  journal: Pick<ListedJournal, "mget" | "yieldKeys">,
  options: Pick<EvaluateOptions, "model" | "dataset" | "methods" | "seeds" | "finished">,
): Promise<KeptSample[]> {
  const model = modelHash(options.model);
  const questions = new Set(options.dataset.map(({ question }) => messagesHash(toMessages(question))));
  const runs = new Map(
    plannedRuns(options).map((run) => {
      const method = methodHash(resolveMethod(options.methods[run.method] ?? {}, run.seed));
      return [`${hash(run.method)}-${method}`, run];
    }),
  );
  const own: { key: string; run: PlannedRun }[] = [];
  for await (const key of journal.yieldKeys()) {
    const parts = parseCallKey(key);
    if (parts === undefined || parts.model !== model || !questions.has(parts.question)) continue;
    const run = runs.get(`${key.slice(0, key.indexOf("-"))}-${parts.method}`);
    if (run !== undefined) own.push({ key, run });
  }
  const kept: KeptSample[] = [];
  for (let from = 0; from < own.length; from += TOGETHER) {
    const group = own.slice(from, from + TOGETHER);
    const values = await journal.mget(group.map(({ key }) => key));
    for (const [place, { key, run }] of group.entries()) {
      const value = values[place];
      if (value) kept.push(...samplesOf(key, value, run));
    }
  }
  return kept;
}

function samplesOf(key: string, value: Uint8Array, { method, seed }: PlannedRun): KeptSample[] {
  const { stage, responses } = decodeEntry(key, value);
  if (responses.length === 0) return [];
  return sharedUsage(responses.map(restoreResponse)).map(({ inputTokens = null, outputTokens = null }) => {
    return { method, seed, stage, inputTokens, outputTokens };
  });
}
