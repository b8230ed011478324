import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { Serialized } from "@langchain/core/load/serializable";

/** One run as a tracer sees it. */
export interface CollectedRun {
  id: string;
  parentId: string | undefined;
  type: "chain" | "model";
  name: string | undefined;
  serialized: Serialized;
  tags: string[];
  metadata: Record<string, unknown>;
  input: unknown;
  /** Every end that was reported; a well-behaved run has exactly one. */
  ends: { output?: unknown; error?: unknown }[];
}

/** A callback handler that keeps every run. */
export class RunCollector extends BaseCallbackHandler {
  override name = "run_collector";
  override awaitHandlers = true;
  readonly runs: CollectedRun[] = [];

  of(name: string): CollectedRun[] {
    return this.runs.filter((run) => run.name === name);
  }

  childrenOf(parent: CollectedRun | undefined): CollectedRun[] {
    return this.runs.filter(({ parentId }) => parentId === parent?.id);
  }

  override handleChainStart(
    ...[serialized, input, id, parentId, tags, metadata, , name]: Parameters<
      NonNullable<BaseCallbackHandler["handleChainStart"]>
    >
  ): void {
    this.#start({ id, parentId, type: "chain", name, serialized, input }, tags, metadata);
  }

  override handleChatModelStart(
    ...[serialized, input, id, parentId, , tags, metadata, name]: Parameters<
      NonNullable<BaseCallbackHandler["handleChatModelStart"]>
    >
  ): void {
    this.#start({ id, parentId, type: "model", name, serialized, input }, tags, metadata);
  }

  override handleChainEnd(output: unknown, id: string): void {
    this.#find(id).ends.push({ output });
  }

  override handleChainError(error: unknown, id: string): void {
    this.#find(id).ends.push({ error });
  }

  override handleLLMEnd(output: unknown, id: string): void {
    this.#find(id).ends.push({ output });
  }

  override handleLLMError(error: unknown, id: string): void {
    this.#find(id).ends.push({ error });
  }

  #start(
    run: Omit<CollectedRun, "tags" | "metadata" | "ends">,
    tags: string[] = [],
    metadata: Record<string, unknown> = {},
  ): void {
    // Some of LangChain's own runs are named by what they run alone.
    const name = run.name ?? run.serialized.id.at(-1);
    this.runs.push({ ...run, name, tags, metadata, ends: [] });
  }

  #find(id: string): CollectedRun {
    const found = this.runs.find((run) => run.id === id);
    if (found === undefined) throw new Error(`A run ended that never started: ${id}`);
    return found;
  }
}
