import type { ChainPrompt } from "./chain_prompt.js";
import { guarded } from "./guarded.js";
import type { Quoted } from "./turns.js";

const MASK = "[hidden]";

/**
 * The attempts without their conclusions, in the frame of `guarded`: the model sees
 * the steps and cannot just follow the count of the answers.
 */
export const masked: ChainPrompt = { ...guarded, name: "masked", excerpt: withoutAnswer };

/** Hides what is boxed, the tools that are called, and the answer wherever it stands as a word of its own. */
function withoutAnswer({ text, answer }: Quoted): string {
  const unboxed = text
    .replaceAll(/\\boxed\s?\{[^{}]*\}/g, `\\boxed{${MASK}}`)
    .replace(/^Tool calls: \[.*\]$/m, `Tool calls: ${MASK}`);
  if (answer === null) return unboxed;
  const literal = answer.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const word = new RegExp(String.raw`(?<![\p{L}\p{N}])${literal}(?![\p{L}\p{N}])`, "gu");
  return unboxed.replaceAll(word, MASK);
}
