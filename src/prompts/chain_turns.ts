import type { ChainPrompt } from "./chain_prompt.js";
import { cutThought, requireThoughtLimit } from "./cut_thought.js";
import type { ThoughtLimit } from "./cut_thought.js";
import { filledText, filledTurns } from "./filled.js";
import type { TurnsPrompt } from "./turns.js";
import { wellFormed } from "./well_formed.js";

/**
 * The turns of a synthetic thought chain.
 *
 * Template variables are substituted once and never parsed again, so braces and
 * template syntax inside a thought arrive verbatim; unpaired surrogates do not.
 *
 * @param limit how much of a response is quoted
 * @throws {OptionError} if the limit is none
 */
export function chainTurns(prompt: ChainPrompt, limit: ThoughtLimit = {}): TurnsPrompt {
  requireThoughtLimit("chainTurns", limit);
  const fillThought = filledText(prompt.thought, ["text", "number", "fence"]);
  const fillTurns = filledTurns(prompt.turns, ["chain", "count", "question"]);
  return {
    name: prompt.name,
    async render(question, quoted) {
      const thoughts = await Promise.all(
        quoted.map((response) => cutThought(wellFormed(prompt.excerpt?.(response) ?? response.text), limit)),
      );
      const fence = unusedFence(thoughts);
      let chain = "";
      for (const [place, text] of thoughts.entries()) {
        const filled = fillThought({ text, number: place + 1, fence });
        chain += (place > 0 ? "\n\n" : "") + (typeof filled === "string" ? filled : await filled);
      }
      return fillTurns({ chain, count: thoughts.length, question: wellFormed(question) });
    },
  };
}

/**
 * Case and white space do not matter: a model may take such a tag for one.
 * Reads as many digits as the smallest free suffix can have, so that a long one costs no more.
 */
const FENCE = /<[\s/]*attempt(?:\s*-\s*(\d{1,15}))?/gi;

/**
 * "attempt", or the first of "attempt-1", "attempt-2", … with which no tag in a
 * thought begins. One pass over the thoughts, however many fences they forge.
 */
function unusedFence(thoughts: readonly string[]): string {
  if (!thoughts.some((text) => /attempt/i.test(text))) return "attempt";
  const digits = thoughts.flatMap((text) => Array.from(text.matchAll(FENCE), ([, suffix = ""]) => suffix));
  if (digits.length === 0) return "attempt";
  const taken = new Set(digits.flatMap((suffix) => Array.from(suffix, (_, end) => suffix.slice(0, end + 1))));
  let free = 1;
  while (taken.has(String(free))) free += 1;
  return `attempt-${free}`;
}
