import { requireFormat } from "./openai_server.js";
import { Refusal, totalUsage } from "./protocol.js";
import type { ModelReply, ModelRequest, Protocol, Respond, Turn } from "./protocol.js";
import { serve } from "./protocol_server.js";
import type { ProtocolServer } from "./protocol_server.js";

/** One thing that was said, called or answered. */
interface Item {
  type?: string;
  role?: string;
  content?: string | { type: string; text?: string }[];
  call_id?: string;
  output?: unknown;
}

interface Format {
  type: string;
  name?: string;
  strict?: boolean | null;
  schema?: object;
}

/** Why a response ended early, by the reason that chat completions give for it. */
const INCOMPLETE: Record<string, string> = { length: "max_output_tokens", content_filter: "content_filter" };

/** OpenAI's Responses API, at once. It knows neither several responses a request nor chat completions. */
const responses: Protocol = {
  path: /^\/v1\/responses$/,
  keyHeader: "authorization",
  readTurns({ input }) {
    if (!Array.isArray(input) || input.length === 0)
      throw new Refusal("Missing required parameter: 'input'.");
    const items = input as Item[];
    const called = new Set(
      items.filter(({ type }) => type === "function_call").map(({ call_id }) => call_id),
    );
    return items.flatMap((item): Turn[] => {
      if (item.type === "function_call_output") {
        if (!called.has(item.call_id)) throw new Refusal(`No tool call found for ${item.call_id}.`);
        return [{ role: "tool", text: JSON.stringify(item.output) }];
      }
      return item.role === undefined ? [] : [{ role: item.role, text: textOf(item) }];
    });
  },
  readOptions(_path, { stream = false, n, messages, text, input }) {
    if (n !== undefined) throw new Refusal("Unknown parameter: 'n'.");
    if (messages !== undefined) throw new Refusal("Unsupported parameter: 'messages'.");
    if (stream === true) throw new Refusal("This server does not stream responses.");
    const { type, ...json_schema } = (text as { format?: Format } | undefined)?.format ?? { type: "text" };
    requireFormat({ type, json_schema }, input);
    return { streamed: false, choices: 1 };
  },
  reply: ([first], request) => response(first as ModelReply, request),
  events: () => [],
  error: (status, { text, code = null }) => ({
    error: {
      message: text,
      type: status < 500 ? "invalid_request_error" : "server_error",
      param: null,
      code,
    },
  }),
};

function textOf({ content = "" }: Item): string {
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}

function response(reply: ModelReply, { index, body }: ModelRequest): object {
  const reason = INCOMPLETE[reply.finishReason ?? ""];
  const status = reason === undefined ? "completed" : "incomplete";
  const usage = totalUsage([reply]);
  return {
    id: `resp_${index}`,
    object: "response",
    created_at: 1,
    model: body["model"],
    status,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    output: [...messagesOf(reply, `msg_${index}`, status), ...callsOf(reply, index)],
    parallel_tool_calls: true,
    tools: body["tools"] ?? [],
    metadata: {},
    ...(usage && {
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: usage.output + usage.thoughts,
        output_tokens_details: { reasoning_tokens: usage.thoughts },
        total_tokens: usage.input + usage.output + usage.thoughts,
      },
    }),
  };
}

function messagesOf({ text, refusal, toolCalls }: ModelReply, id: string, status: string): object[] {
  const said =
    refusal === undefined ? { type: "output_text", text, annotations: [] } : { type: "refusal", refusal };
  return text === "" && toolCalls
    ? []
    : [{ type: "message", id, role: "assistant", status, content: [said] }];
}

function callsOf({ toolCalls = [] }: ModelReply, index: number): object[] {
  return toolCalls.map(({ name, args }, call) => ({
    type: "function_call",
    id: `fc_${index}_${call}`,
    call_id: `call_${index}_${call}`,
    name,
    arguments: typeof args === "string" ? args : JSON.stringify(args),
    status: "completed",
  }));
}

/** Starts a server; the base URL of OpenAI's client is its `url` with `/v1`, and it needs `useResponsesApi`. */
export function serveResponses(respond: Respond): Promise<ProtocolServer> {
  return serve(responses, respond);
}
