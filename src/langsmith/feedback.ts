import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { getDefaultProjectName } from "langsmith";
import type { Client } from "langsmith";
import { OptionError, requireKnownKeys } from "../core/errors.js";
import type { DynScalingMetadata, InputRecord, ScaledMessage } from "../langchain/record.js";
import { resolveClient, withAccess } from "./client.js";
import { armScores } from "./scores.js";

/** Options of `writeFeedback()`. */
export interface FeedbackOptions {
  /** Default: one from the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`). */
  client?: Client;
  /** Name of the project that holds the runs. Default: that of the environment (`LANGSMITH_PROJECT`). */
  projectName?: string;
}

/**
 * What `batch()` and `solve()` of DynScaling return, alone or at the end of a chain; of
 * structured output with `includeRaw`, or its records.
 */
export type ScaledResult = ScaledMessage | InputRecord | { raw: ScaledMessage } | Error;

/**
 * Writes the scores of `armScores()` to the run of every arm, and waits until
 * LangSmith has them. Errors, and arms that nothing traced, are skipped.
 *
 * @returns how many arms were scored
 * @throws {OptionError} if a result carries no record, LangSmith cannot be reached
 *   with the client, or has no such project; nothing was written then
 */
export async function writeFeedback(
  results: readonly ScaledResult[],
  options: FeedbackOptions = {},
): Promise<number> {
  requireKnownKeys("writeFeedback", options, ["client", "projectName"]);
  const arms = results.flatMap((result, place) => readArm(result, place) ?? []);
  const client = resolveClient(options.client);
  if (arms.length === 0) return 0;
  const { projectName = getDefaultProjectName() } = options;
  // LangSmith may learn of the project with the runs that are still on their way.
  await awaitAllCallbacks();
  await client.awaitPendingTraceBatches();
  const sessionId = await projectId(client, projectName);
  for (const { runId, traceId, ...arm } of arms) {
    for (const score of armScores(arm)) {
      // With its trace, feedback rides in the upload of runs; without, each score is a request.
      await client.createFeedback({ ...score, runId, sessionId, ...(traceId !== null && { traceId }) });
    }
  }
  await client.awaitPendingTraceBatches();
  return arms.length;
}

type TracedArm = DynScalingMetadata & { runId: string };

function readArm(result: ScaledResult, place: number): TracedArm | undefined {
  if (result instanceof Error) return undefined;
  const { raw = result }: { raw?: unknown } = Object(result);
  const { response_metadata, error, ...record } = Object(raw) as Partial<ScaledMessage & InputRecord>;
  const arm = response_metadata?.dynscaling ?? record;
  if (!Array.isArray(arm.votes)) {
    const fix =
      "Give the messages of batch(), or the records of solve(); of structured output with includeRaw.";
    throw new OptionError(`results[${place}]`, result, fix);
  }
  return error || arm.runId === null ? undefined : (arm as TracedArm);
}

async function projectId(client: Client, projectName: string): Promise<string> {
  try {
    return (await withAccess(() => client.readProject({ projectName }))).id;
  } catch (error) {
    if (error instanceof OptionError || !/not found/i.test((error as Error).message)) throw error;
    const fix = "LangSmith has no such project; name the one that the runs were traced to.";
    throw new OptionError("projectName", projectName, fix);
  }
}
