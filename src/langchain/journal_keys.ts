import type { BaseMessage } from "@langchain/core/messages";
import { sha256 } from "@langchain/core/utils/hash";
import { OptionError } from "../core/errors.js";
import type { Method } from "../core/rounds.js";
import { WRAPPED_FIELDS } from "./model.js";
import type { ChatLike } from "./model.js";

/** Hexadecimal digits that stand for a content: 128 bits. */
const DIGITS = 32;

/** What names the samples of one question of a batch. */
export interface ArmKey {
  /** Hash of the user's messages. */
  question: string;
  /** Hash of what the model is and how it samples. */
  model: string;
  /** Hash of the sampler's name and the seed. */
  method: string;
  /** Which of several equal questions it is, from 0. */
  occurrence: number;
}

/** The key under which one call of the model is kept; `call` counts the calls of an arm from 0. */
export function callKey({ question, model, method, occurrence }: ArmKey, call: number): string {
  return ["dynscaling", question, model, method, occurrence, call].join("-");
}

/** The parts of a key; `undefined` for a key of something else. A prefix before it is left alone. */
export function parseCallKey(key: string): (ArmKey & { call: number }) | undefined {
  const found = /dynscaling-([0-9a-f]{32})-([0-9a-f]{32})-([0-9a-f]{32})-(\d+)-(\d+)$/.exec(key);
  if (found === null) return undefined;
  const [, question, model, method, occurrence, call] = found as unknown as string[];
  return { question, model, method, occurrence: Number(occurrence), call: Number(call) } as ArmKey & {
    call: number;
  };
}

/** Hash of what some messages say; ids and what providers told about responses are left out. */
export function messagesHash(messages: readonly BaseMessage[], ...further: unknown[]): string {
  const said = messages.map((message) => ({
    type: message.getType(),
    role: (message as { role?: unknown }).role,
    name: message.name,
    content: message.content,
    toolCalls: (message as { tool_calls?: unknown }).tool_calls,
    toolCallId: (message as { tool_call_id?: unknown }).tool_call_id,
    kwargs: message.additional_kwargs,
  }));
  return hash([said, ...further]);
}

/**
 * Hash of the parts of a method that change what a model is asked at the same point.
 *
 * @param attempt which one of a retry it is, from 0
 */
export function methodHash({ sampler, seed }: Pick<Method, "sampler" | "seed">, attempt = 0): string {
  return hash([sampler.name, seed, ...(attempt > 0 ? [attempt] : [])]);
}

/**
 * Hash of a model: its kind, name, address and the settings that it was made with or sends, those of
 * whatever stands around it included: templates of prompts with their texts, functions with theirs
 * (not with the values that they see around them). Keys, headers, time limits and a seed of its own do
 * not count. A part that tells no settings is known by its name alone.
 */
export function modelHash(model: ChatLike): string {
  return hash(identity(model, new Set()));
}

/** What says nothing of what is sampled. */
const PASSING = new Set(
  (
    "callbacks tags metadata verbose name runName runId recursionLimit store signal cache " +
    "maxConcurrency maxRetries onFailedAttempt timeout requestTimeout " +
    "seed stream stream_options streaming streamUsage disableStreaming dangerouslyAllowBrowser " +
    "headers defaultHeaders customHeaders httpAgent fetch fetchOptions"
  ).split(" "),
);
const SECRET = /api_?key|secret|password|credential|accessKey|accessToken|auth/i;

function identity(part: unknown, seen: Set<unknown>): unknown {
  if (Array.isArray(part)) return part.map((each: unknown) => identity(each, seen));
  if (typeof part !== "object" || part === null || seen.has(part)) return null;
  seen.add(part);
  const fields = part as Record<string, unknown>;
  const sent = told(part, "invocationParams");
  const settings = isFilled(sent) ? sent : told(part, "_identifyingParams");
  return {
    name: told(part, "getName"),
    type: told(part, "_llmType"),
    model: fields["model"] ?? fields["modelName"],
    settings: given(settings, seen),
    made: given(fields["lc_kwargs"], seen),
    bound: [given(fields["config"], seen), given(fields["kwargs"], seen)],
    func: typeof fields["func"] === "function" ? String(fields["func"]) : undefined,
    wrapped: WRAPPED_FIELDS.map((field) => identity(fields[field], seen)),
  };
}

/** Settings as data; functions, and objects that are neither data nor LangChain's, are left out. */
function given(value: unknown, seen: Set<unknown>): unknown {
  if (typeof value === "function") return undefined;
  if (Array.isArray(value)) return value.map((each: unknown) => given(each, seen));
  if (typeof value !== "object" || value === null || value instanceof URL) return value;
  if ("lc_kwargs" in value) return identity(value, seen);
  const kind = Object.getPrototypeOf(value) as object | null;
  if (kind !== null && kind !== Object.prototype) return hasContent(value) ? value : undefined;
  const counting = Object.entries(value).filter(([key]) => !PASSING.has(key) && !SECRET.test(key));
  const kept = counting.map(([key, each]) => [key, given(each, seen)] as const);
  // One of which nothing counts is as good as none.
  return counting.length === 0 ? undefined : Object.fromEntries(kept);
}

function told(part: object, method: string): unknown {
  const own = (part as Record<string, unknown>)[method];
  return typeof own === "function" ? (own.call(part, {}) as unknown) : undefined;
}

function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function hasContent(value: object): boolean {
  return (
    value instanceof Map || value instanceof Set || value instanceof ArrayBuffer || ArrayBuffer.isView(value)
  );
}

/** Short text that stands for a content, whatever the order of its fields. */
export function hash(value: unknown): string {
  return sha256(JSON.stringify(value, sorted)).slice(0, DIGITS);
}

function sorted(_field: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  if (value instanceof ArrayBuffer) return new Uint8Array(value).join();
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).join();
  if (typeof Blob === "function" && value instanceof Blob) {
    const fix = "Its content cannot be told apart from another's in time; give its bytes, or a text of them.";
    throw new OptionError("journal", "a message with a Blob", fix);
  }
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
