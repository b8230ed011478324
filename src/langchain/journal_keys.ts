import type { BaseMessage } from "@langchain/core/messages";
import { sha256 } from "@langchain/core/utils/hash";
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
 * Hash of a model: its kind, name and the settings that it sends, those of whatever
 * wraps it included. Keys, addresses, time limits and a seed of its own do not count.
 * A part that tells no settings is known by its name alone.
 */
export function modelHash(model: ChatLike): string {
  return hash(identity(model, new Set()));
}

/** Configuration that says nothing of what is sampled. */
const PASSING = new Set([
  "callbacks",
  "tags",
  "metadata",
  "runName",
  "runId",
  "recursionLimit",
  "maxConcurrency",
  "timeout",
  "signal",
  "store",
]);

function identity(part: unknown, seen: Set<unknown>): unknown {
  if (Array.isArray(part)) return part.map((each: unknown) => identity(each, seen));
  if (typeof part !== "object" || part === null || seen.has(part)) return null;
  seen.add(part);
  const fields = part as Record<string, unknown>;
  const sent = told(part, "invocationParams") ?? told(part, "_identifyingParams");
  const { seed: _seed, ...settings } = (sent ?? {}) as Record<string, unknown>;
  const config = Object.entries((fields["config"] ?? {}) as object).filter(([key]) => !PASSING.has(key));
  return {
    name: told(part, "getName"),
    type: told(part, "_llmType"),
    model: fields["model"] ?? fields["modelName"],
    settings,
    bound: [config, fields["kwargs"]],
    wrapped: WRAPPED_FIELDS.map((field) => identity(fields[field], seen)),
  };
}

function told(part: object, method: string): unknown {
  const own = (part as Record<string, unknown>)[method];
  return typeof own === "function" ? (own.call(part, {}) as unknown) : undefined;
}

/** Short text that stands for a content, whatever the order of its fields. */
export function hash(value: unknown): string {
  return sha256(JSON.stringify(value, sorted)).slice(0, DIGITS);
}

function sorted(_field: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
