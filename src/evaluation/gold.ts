import { AIMessage } from "@langchain/core/messages";
import { canonicalAnswer } from "../extractors/canonical.js";
import { isCall } from "../extractors/calls.js";
import type { AnswerExtractor } from "../langchain/generate.js";

/**
 * The gold answer may be written as a response would be ("(B)", "835 apples"); this reads
 * it alike. The call of a tool is no text of a response, so it is written as its answer.
 */
export async function readGold(gold: string, extractor: AnswerExtractor): Promise<string | null> {
  if (isCall(gold)) return gold;
  return (await extractor(gold, new AIMessage(gold))) ?? canonicalAnswer(gold);
}
