import { AIMessage, mergeUsageMetadata } from "@langchain/core/messages";
import type { UsageMetadata } from "@langchain/core/messages";
import type { Arm } from "../core/types.js";
import { totalUsage } from "./messages.js";

/** The usage of responses that are not kept. */
export interface Forgotten {
  add(arm: Arm, message: AIMessage): void;
  /** A message without content that carries it; `undefined` if nothing was forgotten, or reported. */
  of(arm: Arm): AIMessage | undefined;
}

export function openForgotten(): Forgotten {
  const sums: (UsageMetadata | undefined)[] = [];
  return {
    add({ index }, message) {
      const usage = totalUsage([message]);
      const known = sums[index];
      if (usage) sums[index] = known ? mergeUsageMetadata(known, usage) : usage;
    },
    of({ index }) {
      const usage_metadata = sums[index];
      return usage_metadata && new AIMessage({ content: "", usage_metadata });
    },
  };
}
