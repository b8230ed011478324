import type { BaseMessage } from "@langchain/core/messages";
import type { ChatHistoryItem } from "node-llama-cpp";

/**
 * LangChain messages as the turns of node-llama-cpp. The last turn is always the
 * model's: empty, or a trailing ai message for the model to continue.
 *
 * @throws Error for messages and content other than plain text.
 */
export function toTurns(messages: BaseMessage[]): ChatHistoryItem[] {
  const turns = messages.map(toTurn);
  if (turns.length === 0) throw new Error("ChatLocal: the prompt has no messages; give it at least one.");
  if (turns.at(-1)?.type !== "model") turns.push({ type: "model", response: [] });
  return turns;
}

function toTurn(message: BaseMessage): ChatHistoryItem {
  const type = message.getType();
  const text = plainText(message);
  if (type === "system") return { type: "system", text };
  if (type === "human") return { type: "user", text };
  if (
    type === "ai" &&
    !("tool_calls" in message && Array.isArray(message.tool_calls) && message.tool_calls.length > 0)
  ) {
    return { type: "model", response: [text] };
  }
  const what = type === "ai" ? "an ai message with tool calls" : `a message of type "${type}"`;
  throw new Error(
    `ChatLocal: ${what} is not supported; use system, human and ai messages that hold plain text.`,
  );
}

function plainText({ content }: BaseMessage): string {
  if (typeof content === "string") return content;
  return content
    .map((block) => {
      if (block.type === "text" && typeof block.text === "string") return block.text;
      throw new Error(`ChatLocal: content of type "${block.type}" is not supported; send text only.`);
    })
    .join("");
}
