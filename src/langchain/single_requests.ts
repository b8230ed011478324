import { WRAPPED_FIELDS } from "./model.js";
import type { ChatLike } from "./model.js";

type Fields = Readonly<Record<string | symbol, unknown>>;

/**
 * The same model, which sends one request a call: what a client repeats unseen is charged
 * unseen, and hides from the circuit that its service asks to slow down. The user's object
 * is left alone; whatever a call writes to it arrives there.
 *
 * A class with private fields cannot be stood in for, so it goes on repeating; so do clients
 * that do not repeat through LangChain's `AsyncCaller`.
 *
 * @param allAttempts whether what a `withRetry()` around the model repeats counts, too
 */
export function singleRequests(model: ChatLike, allAttempts: boolean): ChatLike {
  return standInOf(model, allAttempts, new Map()) as ChatLike;
}

/** @param known stand-ins so far, so that a part that is used twice stays one */
function standInOf(part: unknown, allAttempts: boolean, known: Map<object, unknown>): unknown {
  if (!isObject(part)) return part;
  if (known.has(part)) return known.get(part);
  known.set(part, part);
  const others = new Map<string | symbol, unknown>();
  for (const [field, value] of Object.entries(part)) {
    const other = isCaller(value)
      ? singleCaller(value)
      : isWrapped(field) || isClient(value)
        ? inside(value, allAttempts, known)
        : value;
    if (other !== value) others.set(field, other);
  }
  if (allAttempts && Number(part["maxAttemptNumber"]) > 1 && "bound" in part)
    others.set("maxAttemptNumber", 1);
  if (others.size === 0 || hasPrivateFields(part) || !allCanDiffer(part, others)) return part;
  const standIn = new Proxy(part, {
    get: (target, field, receiver) =>
      others.has(field) ? others.get(field) : Reflect.get(target, field, receiver),
    set: (target, field, value) => Reflect.set(target, field, value, target),
  });
  known.set(part, standIn);
  return standIn;
}

function inside(value: unknown, allAttempts: boolean, known: Map<object, unknown>): unknown {
  if (!Array.isArray(value)) return standInOf(value, allAttempts, known);
  const parts = value.map((part) => standInOf(part, allAttempts, known));
  return parts.every((part, place) => part === value[place]) ? value : parts;
}

function isWrapped(field: string): boolean {
  return (WRAPPED_FIELDS as readonly string[]).includes(field);
}

/** A part of a chat model that sends its requests, such as those that OpenAI's client has two of. */
function isClient(value: unknown): boolean {
  return isObject(value) && Object.hasOwn(value, "caller") && isCaller(value["caller"]);
}

/** LangChain's `AsyncCaller`, of whichever copy of it. */
function isCaller(value: unknown): value is Fields {
  return isObject(value) && typeof value["callWithOptions"] === "function" && Number(value["maxRetries"]) > 0;
}

/** Its queue stays the one of the user's model. */
function singleCaller(caller: Fields): unknown {
  return Object.create(caller, { maxRetries: { value: 0 } });
}

/** A stand-in may not say otherwise of what is frozen. */
function allCanDiffer(part: object, others: ReadonlyMap<string | symbol, unknown>): boolean {
  return [...others.keys()].every((field) => {
    const { configurable = true, writable = true } = Object.getOwnPropertyDescriptor(part, field) ?? {};
    return configurable || writable;
  });
}

/** As classes are written, and as compilers write them for older engines. */
const PRIVATE = /\.#|#[\w$]+ in |classPrivate|__private|WeakMap/;

/** By prototype: the text of a class is long. */
const withPrivateFields = new WeakMap<object, boolean>();

function hasPrivateFields(part: object): boolean {
  const kind = Object.getPrototypeOf(part) as object | null;
  if (kind === null) return false;
  const has =
    withPrivateFields.get(kind) ??
    (PRIVATE.test(Function.prototype.toString.call(kind.constructor)) || hasPrivateFields(kind));
  withPrivateFields.set(kind, has);
  return has;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
