import { ChatPromptTemplate } from "@langchain/core/prompts";

/** A history before the question, so that a lost or rewritten turn shows. */
export const prompt: ChatPromptTemplate<{ question: string }> = ChatPromptTemplate.fromMessages([
  ["system", "Answer in a box."],
  ["human", "What is 2 + 2?"],
  ["ai", "\\boxed{{4}}"],
  ["human", "{question}"],
]);

export const questions: { question: string }[] = [
  { question: "What is 1 + {a}?" },
  { question: "What is 1 + 2?" },
  { question: "What is 1 + 3?" },
];
