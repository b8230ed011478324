import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import type { ChainPrompt } from "./chain_prompt.js";

/**
 * Closest to the paper's letter, `q + T_j`: the concatenated responses stand as
 * the model's own reasoning so far, and it is asked to go on. The paper shows
 * neither wording nor roles. A turn of the user follows the chain because a
 * prefilled answer is refused by several providers and by thinking modes.
 */
export const bare: ChainPrompt = {
  name: "bare",
  thought: PromptTemplate.fromTemplate("{text}"),
  turns: ChatPromptTemplate.fromMessages([
    ["ai", "{chain}"],
    ["human", "Continue from this reasoning and finish with your final answer."],
  ]),
};
