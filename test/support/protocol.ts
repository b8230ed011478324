/** One turn of a conversation as it arrived on the wire. */
export interface Turn {
  role: string;
  text: string;
}

/** One request for a response, as the server saw it. */
export interface ModelRequest {
  /** Place among the requests of this server, in the order of arrival, from 0. */
  index: number;
  path: string;
  /** Without those that carry a key. */
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
  turns: Turn[];
  /** Whether the client wants server-sent events. */
  streamed: boolean;
  /** Responses that it wants (`n`). */
  choices: number;
}

/** Tokens of one response; `output` without those of `thoughts`. */
export interface ReplyUsage {
  input: number;
  output: number;
  thoughts?: number;
  /** Those of `input` that were in the provider's cache; OpenAI tells it. */
  cached?: number;
}

/** A call of a tool; `args` is a text where the model has written no JSON object. */
export interface SaidCall {
  name: string;
  args: Record<string, unknown> | string;
  /** Gemini's proof that it thought before it called. */
  signature?: string;
}

/** One response. A `status` of 400 or more makes `text` the message of an error. */
export interface ModelReply {
  text: string;
  /** Hidden reasoning: thought parts of Gemini, `reasoning_content` of servers that imitate OpenAI. */
  thought?: string;
  /** Tools that it calls. */
  toolCalls?: readonly SaidCall[];
  finishReason?: string;
  /** OpenAI's reason not to answer; leave `text` empty. */
  refusal?: string;
  /** Gemini's reason to answer nothing at all. */
  blockReason?: string;
  /** Default 10 in, 5 out; `null` for a provider that does not say. */
  usage?: ReplyUsage | null;
  status?: number;
  /** Names the error for programs, `insufficient_quota` say. */
  code?: string;
  /** Of an error, `retry-after` say. */
  headers?: Record<string, string>;
  /** The connection breaks instead of an answer. */
  broken?: boolean;
}

export type Said = string | ModelReply;

/** Decides what to say, as soon as it likes; a list says something else in every choice. */
export type Respond = (request: ModelRequest) => Said | readonly Said[] | Promise<Said | readonly Said[]>;

/** What differs between providers. */
export interface Protocol {
  path: RegExp;
  keyHeader: string;
  /** @throws {Refusal} if the provider would refuse the request */
  readTurns(body: Record<string, unknown>): Turn[];
  readOptions(path: string, body: Record<string, unknown>): Pick<ModelRequest, "streamed" | "choices">;
  reply(choices: readonly ModelReply[], request: ModelRequest): object;
  /** The same as server-sent events: what follows `data: `. */
  events(choices: readonly ModelReply[], request: ModelRequest): string[];
  error(status: number, reply: ModelReply): object;
}

/** Why a provider answers with status 400. */
export class Refusal extends Error {}

const USAGE: ReplyUsage = { input: 10, output: 5 };

/** One prompt, and everything said after it; `null` if any choice is silent about it. */
export function totalUsage(choices: readonly ModelReply[]): Required<ReplyUsage> | null {
  const each = choices.map(({ usage = USAGE }) => usage);
  if (each.includes(null)) return null;
  const known = each as ReplyUsage[];
  return {
    input: known[0]?.input ?? 0,
    output: known.reduce((sum, { output }) => sum + output, 0),
    thoughts: known.reduce((sum, { thoughts = 0 }) => sum + thoughts, 0),
    cached: known[0]?.cached ?? 0,
  };
}

/** A text in pieces of about a word, as models stream it; none if it is empty. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S{1,8}|\s+$/g) ?? [];
}
