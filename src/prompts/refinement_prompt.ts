import type { ChatPromptTemplate } from "@langchain/core/prompts";
import { cutThought } from "./cut_thought.js";
import type { ThoughtLimit } from "./cut_thought.js";
import { filledTurns } from "./filled.js";
import type { TurnsPrompt } from "./turns.js";
import { wellFormed } from "./well_formed.js";

/** How one step of sequential refinement asks about an earlier response. */
export interface RefinementPrompt {
  /** Name shown in traces. */
  name: string;
  /**
   * The turns to append to the user's own messages. Variables: `response` (the
   * response to refine), `feedback` (what was said about it; "" before
   * there is any) and `question` (text of the user's last human message).
   */
  turns: ChatPromptTemplate;
}

/**
 * The turns of one refinement step; it quotes a response and, if there is one, the feedback on it.
 *
 * @param limit how much of each is quoted
 */
export function refinementTurns({ name, turns }: RefinementPrompt, limit: ThoughtLimit = {}): TurnsPrompt {
  const fill = filledTurns(turns, ["question", "response", "feedback"]);
  return {
    name,
    async render(question, quoted) {
      const [response = "", feedback = ""] = await Promise.all(
        quoted.map(({ text }) => cutThought(wellFormed(text), limit)),
      );
      return fill({ question: wellFormed(question), response, feedback });
    },
  };
}
