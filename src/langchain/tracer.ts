import type { CallbackManagerForChainRun } from "@langchain/core/callbacks/manager";

/** What LangChain's own tracer keeps of a run while it is open, as far as we touch it. */
interface KeptRun {
  extra?: { metadata?: Record<string, unknown> };
  child_runs?: unknown[];
  trace_id?: unknown;
}

/** A list that stays empty. */
class NoChildren extends Array<unknown> {
  override push(): number {
    return 0;
  }
}

/**
 * Adds to the metadata of an open run, for LangSmith alone: they are sent when the
 * run ends. Does nothing if LangChain's tracer is not there, or has become another.
 */
export function addMetadata(
  run: CallbackManagerForChainRun,
  metadata: Record<string, string | number | boolean | null>,
): void {
  const known = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null));
  for (const kept of keptRuns(run)) {
    kept.extra = { ...kept.extra, metadata: { ...kept.extra?.metadata, ...known } };
  }
}

/**
 * Spares the tracer its list of a run's children. It copies the whole list at every
 * new child, and never sends it.
 */
export function keepNoChildren(run: CallbackManagerForChainRun): void {
  for (const kept of keptRuns(run)) {
    if (Array.isArray(kept.child_runs)) kept.child_runs = new NoChildren();
  }
}

/** Id of the trace that LangChain's own tracer puts an open run in; `null` if that tracer is not there. */
export function traceIdOf(run: CallbackManagerForChainRun | undefined): string | null {
  const ids = run ? keptRuns(run).map((kept) => kept.trace_id) : [];
  return ids.find((id) => typeof id === "string") ?? null;
}

function keptRuns({ handlers, runId }: CallbackManagerForChainRun): KeptRun[] {
  return handlers.flatMap((handler) => {
    if (handler.name !== "langchain_tracer" || !("getRun" in handler)) return [];
    const kept: unknown = typeof handler.getRun === "function" ? handler.getRun(runId) : undefined;
    return typeof kept === "object" && kept !== null ? [kept] : [];
  });
}
