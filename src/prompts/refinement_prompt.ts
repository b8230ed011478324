import type { ChatPromptTemplate } from "@langchain/core/prompts";
import { filledTurns } from "./filled.js";
import type { TurnsPrompt } from "./turns.js";

/** How one step of sequential refinement asks about an earlier response. */
export interface RefinementPrompt {
  /** Name shown in traces. */
  name: string;
  /**
   * The turns to append to the user's own messages. Variables: `response` (the
   * response to refine, verbatim), `feedback` (what was said about it; "" before
   * there is any) and `question` (text of the user's last human message).
   */
  turns: ChatPromptTemplate;
}

/** The turns of one refinement step; it quotes a response and, if there is one, the feedback on it. */
export function refinementTurns({ name, turns }: RefinementPrompt): TurnsPrompt {
  const fill = filledTurns(turns, ["question", "response", "feedback"]);
  return {
    name,
    async render(question, [response, feedback]) {
      return fill({ question, response: response?.text ?? "", feedback: feedback?.text ?? "" });
    },
  };
}
