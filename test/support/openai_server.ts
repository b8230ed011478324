import { Refusal, pieces, totalUsage } from "./protocol.js";
import type { ModelReply, ModelRequest, Protocol, Respond } from "./protocol.js";
import { serve } from "./protocol_server.js";
import type { ProtocolServer } from "./protocol_server.js";

/** A message of a request. */
interface Sent {
  role: string;
  content?: string | { text?: string }[] | null;
  tool_calls?: { id: string }[];
  tool_call_id?: string;
}

/** The part of `response_format` that OpenAI checks. */
interface ResponseFormat {
  type: string;
  json_schema?: {
    name?: string;
    strict?: boolean | null;
    schema?: { type?: string; additionalProperties?: unknown; properties?: object; required?: string[] };
  };
}

const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);

/** OpenAI's chat completions, at once or streamed. */
const openAI: Protocol = {
  path: /^\/v1\/chat\/completions$/,
  keyHeader: "authorization",
  readTurns({ messages }) {
    if (!Array.isArray(messages) || messages.length === 0) throw new Refusal("[] is too short - 'messages'");
    requireAnsweredCalls(messages as Sent[]);
    return (messages as Sent[]).map(({ role, content, tool_calls }) => {
      if (!ROLES.has(role)) throw new Refusal(`Invalid value: '${role}'.`);
      if (content === undefined && tool_calls === undefined)
        throw new Refusal("Missing 'messages[].content'.");
      const parts = typeof content === "string" ? [{ text: content }] : (content ?? []);
      return { role, text: parts.map(({ text }) => text ?? "").join("") };
    });
  },
  readOptions(_path, { stream = false, stream_options, n = 1, response_format, messages }) {
    if (response_format !== undefined) requireFormat(response_format as ResponseFormat, messages);
    if (!Number.isInteger(n) || (n as number) < 1) throw new Refusal(`Invalid 'n': ${String(n)}.`);
    if (stream_options !== undefined && stream !== true)
      throw new Refusal("The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    return { streamed: stream === true, choices: n as number };
  },
  reply(choices, request) {
    const usage = usageOf(choices);
    return {
      ...head(request, "chat.completion"),
      choices: choices.map((reply, index) => ({
        index,
        message: {
          role: "assistant",
          content: contentOf(reply),
          refusal: reply.refusal ?? null,
          ...(reply.thought !== undefined && { reasoning_content: reply.thought }),
          ...(reply.toolCalls && { tool_calls: callsOf(reply, `${request.index}-${index}`) }),
        },
        finish_reason: finishOf(reply),
      })),
      ...(usage && { usage }),
    };
  },
  events(choices, request) {
    const chunk = (body: object): string =>
      JSON.stringify({ ...head(request, "chat.completion.chunk"), usage: null, ...body });
    const deltas = choices.map((reply, index) => deltasOf(reply, `${request.index}-${index}`));
    const longest = Math.max(...deltas.map(({ length }) => length));
    const turns = Array.from({ length: longest }, (_, turn) =>
      deltas.flatMap((own, index) => {
        const delta = own[turn];
        return delta === undefined ? [] : [chunk({ choices: [{ index, delta, finish_reason: null }] })];
      }),
    );
    const ends = choices.map((reply, index) =>
      chunk({ choices: [{ index, delta: {}, finish_reason: finishOf(reply) }] }),
    );
    const usage = usageOf(choices);
    const wanted = (request.body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage;
    return [...turns.flat(), ...ends, ...(wanted && usage ? [chunk({ choices: [], usage })] : []), "[DONE]"];
  },
  error: (status, { text, code = status === 429 ? "rate_limit_exceeded" : null }) => ({
    error: {
      message: text,
      type: code ?? (status < 500 ? "invalid_request_error" : "server_error"),
      param: null,
      code,
    },
  }),
};

/** @throws {Refusal} as OpenAI does it, if JSON is asked for without being asked for */
export function requireFormat({ type, json_schema }: ResponseFormat, messages: unknown): void {
  if (!["text", "json_object", "json_schema"].includes(type))
    throw new Refusal(
      `Invalid value: '${type}'. Supported values are: 'json_object', 'json_schema', and 'text'.`,
    );
  if (type === "json_object" && !/json/i.test(JSON.stringify(messages)))
    throw new Refusal(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    );
  if (type !== "json_schema") return;
  if (!/^[\w-]{1,64}$/.test(json_schema?.name ?? ""))
    throw new Refusal("Missing required parameter: 'response_format.json_schema.name'.");
  const { type: shape, additionalProperties, properties = {}, required = [] } = json_schema?.schema ?? {};
  if (shape !== "object") throw new Refusal("schema must be a JSON Schema of 'type: \"object\"'.");
  const isClosed =
    additionalProperties === false && Object.keys(properties).every((name) => required.includes(name));
  if (json_schema?.strict === true && !isClosed)
    throw new Refusal("'additionalProperties' must be false, and 'required' must name every property.");
}

function head({ index, body }: ModelRequest, object: string): object {
  return { id: `chatcmpl-${index}`, object, created: 1, model: body["model"] };
}

/** @throws {Refusal} unless every call is answered at once, and nothing else is */
function requireAnsweredCalls(messages: readonly Sent[]): void {
  let open = new Set<string>();
  for (const { role, tool_calls = [], tool_call_id = "" } of messages) {
    if (role === "tool") {
      if (!open.delete(tool_call_id))
        throw new Refusal(
          "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        );
      continue;
    }
    if (open.size > 0) break;
    open = new Set(tool_calls.map(({ id }) => id));
  }
  if (open.size > 0)
    throw new Refusal("An assistant message with 'tool_calls' must be followed by tool messages.");
}

/** As OpenAI writes calls, each with an id of its own. */
function callsOf({ toolCalls = [] }: ModelReply, place: string): object[] {
  return toolCalls.map(({ name, args }, call) => ({
    id: `call-${place}-${call}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
}

function finishOf({ finishReason, toolCalls }: ModelReply): string {
  return finishReason ?? (toolCalls ? "tool_calls" : "stop");
}

/** A refusal, a call and a response that a filter withheld have no content, which is not an empty one. */
function contentOf({ text, refusal, finishReason, toolCalls }: ModelReply): string | null {
  const withheld = refusal !== undefined || finishReason === "content_filter" || toolCalls !== undefined;
  return text === "" && withheld ? null : text;
}

function deltasOf(reply: ModelReply, place: string): object[] {
  const { text, thought = "", refusal = "" } = reply;
  return [
    { role: "assistant", content: "", refusal: null },
    ...pieces(thought).map((piece) => ({ reasoning_content: piece })),
    ...pieces(refusal).map((piece) => ({ refusal: piece })),
    ...pieces(text).map((piece) => ({ content: piece })),
    ...callsOf(reply, place).map((call, index) => ({ tool_calls: [{ index, ...call }] })),
  ];
}

/** Of the request, not of a choice: the prompt counts once. */
function usageOf(choices: readonly ModelReply[]): object | undefined {
  const usage = totalUsage(choices);
  if (usage === null) return undefined;
  const generated = usage.output + usage.thoughts;
  return {
    prompt_tokens: usage.input,
    completion_tokens: generated,
    total_tokens: usage.input + generated,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.thoughts },
  };
}

/** Starts a server; the base URL of OpenAI's client is its `url` with `/v1`. */
export function serveOpenAI(respond: Respond): Promise<ProtocolServer> {
  return serve(openAI, respond);
}
