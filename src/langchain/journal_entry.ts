import { AIMessage } from "@langchain/core/messages";
import type { UsageMetadata } from "@langchain/core/messages";
import { isHopeless } from "../core/hopeless.js";
import type { Purpose, Stage } from "../core/types.js";
import type { FailureKind } from "./failures.js";

/** One call as a journal keeps it: what came back, and a hash of what was asked. */
export interface JournalEntry {
  /** Version of this form. */
  v: 1;
  /** Hash of the turns that followed the user's messages. */
  request: string;
  stage: Stage;
  purpose: Purpose;
  /** The unit that it belongs to. Entries of older versions do not tell. */
  unit?: JournalUnit;
  /** Several where one call brings several; none if it failed. */
  responses: StoredResponse[];
  /** Why it failed, and whether the provider surely charged nothing. */
  failure?: { kind: FailureKind; isUnbilled: boolean };
}

/** A unit of a question. */
export interface JournalUnit {
  /** Which one of the question it is, from 0. */
  place: number;
  /** Samples that it was granted, at least 1. */
  pulls: number;
}

/** What is needed to build a response again. */
export interface StoredResponse {
  content: AIMessage["content"];
  tool_calls?: AIMessage["tool_calls"];
  invalid_tool_calls?: AIMessage["invalid_tool_calls"];
  additional_kwargs?: AIMessage["additional_kwargs"];
  response_metadata?: AIMessage["response_metadata"];
  usage_metadata?: UsageMetadata;
  id?: string;
  name?: string;
}

/** What is kept of a response. Headers of the provider's reply are left out, and fields that JSON cannot hold. */
export function storeResponse(message: AIMessage): StoredResponse {
  const { headers: _headers, ...metadata } = message.response_metadata ?? {};
  const response_metadata = writable(metadata);
  const additional_kwargs = writable(message.additional_kwargs ?? {});
  return {
    content: message.content,
    ...(message.tool_calls?.length && { tool_calls: message.tool_calls }),
    ...(message.invalid_tool_calls?.length && { invalid_tool_calls: message.invalid_tool_calls }),
    ...(isFilled(additional_kwargs) && { additional_kwargs }),
    ...(isFilled(response_metadata) && { response_metadata }),
    ...(message.usage_metadata && { usage_metadata: message.usage_metadata }),
    ...(message.id !== undefined && { id: message.id }),
    ...(message.name !== undefined && { name: message.name }),
  };
}

export function restoreResponse(stored: StoredResponse): AIMessage {
  return new AIMessage(stored as ConstructorParameters<typeof AIMessage>[0] & object);
}

export function encodeEntry(entry: JournalEntry): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(entry));
}

/** @throws {Error} that names the key, if it holds anything but an entry */
export function decodeEntry(key: string, bytes: Uint8Array): JournalEntry {
  let entry: unknown;
  try {
    entry = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    entry = undefined;
  }
  const { v, request, responses, unit = UNKNOWN, failure = FAILED } = (entry ?? {}) as Partial<JournalEntry>;
  const sound =
    v === 1 &&
    typeof request === "string" &&
    Array.isArray(responses) &&
    responses.every(isStored) &&
    Number.isSafeInteger(unit?.place) &&
    Number.isSafeInteger(unit.pulls) &&
    unit.place >= 0 &&
    unit.pulls >= 1 &&
    typeof failure?.kind === "string" &&
    typeof failure.isUnbilled === "boolean";
  if (!sound) throw new Error(`The journal holds no readable entry under ${key}; delete it there.`);
  return { ...(entry as JournalEntry), ...(responses.length === 0 && { failure }) };
}

/** Whether so many calls, one after another, brought nothing that no more were sent. */
export function isGivenUp(entries: readonly JournalEntry[]): boolean {
  const replies = entries.flatMap(({ responses }) => (responses.length === 0 ? [undefined] : responses));
  return isHopeless(
    replies.map((message) => ({
      message,
      error: message && !isBlank(message) ? undefined : new Error("Nothing came back."),
    })),
  );
}

function isBlank({ content, tool_calls = [] }: StoredResponse): boolean {
  const isEmpty = typeof content === "string" ? content.trim() === "" : content.length === 0;
  return isEmpty && tool_calls.length === 0;
}

const UNKNOWN: JournalUnit = { place: 0, pulls: 1 };

/** Of a failure that says nothing of itself, the worst. */
const FAILED = { kind: "other", isUnbilled: false } as const;

/** As far as building the response again needs it. */
function isStored(response: unknown): response is StoredResponse {
  if (!isObject(response)) return false;
  const { content, tool_calls = [], invalid_tool_calls = [], usage_metadata = {} } = response;
  const { additional_kwargs = {}, response_metadata = {} } = response;
  return (
    (typeof content === "string" || isList(content)) &&
    [tool_calls, invalid_tool_calls].every(isList) &&
    [usage_metadata, additional_kwargs, response_metadata].every(isObject)
  );
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function writable<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isWritable(value))) as Fields;
}

/** A whole number without limit is none of JSON, nor is an object that holds itself. */
function isWritable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

function isFilled(fields: object | undefined): boolean {
  return fields !== undefined && Object.keys(fields).length > 0;
}
