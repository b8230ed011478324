import { Refusal, serve } from "./protocol_server.js";
import type { Protocol, ProtocolServer, Respond } from "./protocol_server.js";

const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);

/** OpenAI's chat completions, without streaming. */
const openAI: Protocol = {
  path: /^\/v1\/chat\/completions$/,
  keyHeader: "authorization",
  readTurns({ messages, stream }) {
    if (stream === true) throw new Refusal("This server does not stream.");
    if (!Array.isArray(messages) || messages.length === 0) throw new Refusal("[] is too short - 'messages'");
    return (messages as { role: string; content: string | { text: string }[] }[]).map(({ role, content }) => {
      if (!ROLES.has(role)) throw new Refusal(`Invalid value: '${role}'.`);
      if (content === undefined) throw new Refusal("Missing 'messages[].content'.");
      return {
        role,
        text: typeof content === "string" ? content : content.map(({ text }) => text ?? "").join(""),
      };
    });
  },
  reply({ text, finishReason = "stop", usage = { input: 10, output: 5 } }, { body, index }) {
    return {
      id: `chatcmpl-${index}`,
      object: "chat.completion",
      created: 1,
      model: body["model"],
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: text, refusal: null },
          finish_reason: finishReason,
        },
      ],
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output + (usage.thoughts ?? 0),
        total_tokens: usage.input + usage.output + (usage.thoughts ?? 0),
        completion_tokens_details: { reasoning_tokens: usage.thoughts ?? 0 },
      },
    };
  },
  error: (status, message) => ({
    error: { message, type: status < 500 ? "invalid_request_error" : "server_error" },
  }),
};

/** Starts a server; the base URL of OpenAI's client is its `url` with `/v1`. */
export function serveOpenAI(respond: Respond): Promise<ProtocolServer> {
  return serve(openAI, respond);
}
