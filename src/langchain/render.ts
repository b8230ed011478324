import type { BaseMessage } from "@langchain/core/messages";
import type { ChainPrompt } from "../prompts/chain_prompt.js";

/**
 * Renders a chain prompt to the messages that follow the user's own.
 *
 * Template variables are substituted once and never parsed again, so braces and
 * template syntax inside a thought arrive verbatim.
 *
 * @param thoughts the quoted responses in chain order, at least one
 */
export async function renderChain(
  prompt: ChainPrompt,
  question: string,
  thoughts: readonly string[],
): Promise<BaseMessage[]> {
  const fence = unusedFence(thoughts);
  const rendered = await Promise.all(
    thoughts.map((text, place) => prompt.thought.format({ text, number: place + 1, fence })),
  );
  return prompt.turns.formatMessages({
    chain: rendered.join("\n\n"),
    count: thoughts.length,
    question,
  });
}

/** "attempt", or "attempt-1", "attempt-2", … if a thought already contains the shorter ones. */
function unusedFence(thoughts: readonly string[]): string {
  let fence = "attempt";
  for (
    let suffix = 1;
    thoughts.some((text) => text.includes(`<${fence}`) || text.includes(`</${fence}`));
    suffix++
  ) {
    fence = `attempt-${suffix}`;
  }
  return fence;
}
