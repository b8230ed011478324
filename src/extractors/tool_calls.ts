import { OptionError, requireKnownKeys } from "../core/errors.js";
import { PARALLEL, called, inWords } from "./calls.js";
import type { CallingMessage, Parallel } from "./calls.js";
import { finalAnswer } from "./final_answer.js";

/** Reads the answer of a response that calls no tool. */
type TextReader<Message> = (text: string, message: Message) => string | null;

/** Options of `toolCalls()`. */
export interface ToolCallsOptions<Message = unknown> {
  /**
   * Arguments that have no vote, at the top level: "reason" in every tool,
   * "search.limit" in one. Default: none.
   */
  exclude?: readonly string[];
  /** Whether parallel calls are a set, or a sequence that must be in the same order. Default "set". */
  parallel?: Parallel;
  /** Reads a response that calls no tool. Default `finalAnswer`. */
  otherwise?: TextReader<Message>;
}

/**
 * An extractor for a model with bound tools: the vote is over what is called, and
 * answering in words competes with it. The answer is `call NAME({…})`, several calls
 * joined by "and" (or "then"); arguments count whatever the order of their keys, the
 * form of a number or the white space around a text; an argument that is left out
 * differs from one that is null. What is said beside the calls, and their ids, do not
 * count. The same call twice is not the same call once.
 *
 * A response with a call that could not be read, or without a name, never votes.
 *
 * @throws {OptionError} if an option is unknown or malformed
 */
export function toolCalls<Message extends CallingMessage = CallingMessage>(
  options: ToolCallsOptions<Message> = {},
): (text: string, message?: Message) => string | null {
  requireKnownKeys("toolCalls", options, ["exclude", "parallel", "otherwise"]);
  const { exclude = [], parallel = "set", otherwise = finalAnswer } = options;
  requireNames(exclude);
  if (!PARALLEL.includes(parallel))
    throw new OptionError("toolCalls.parallel", parallel, 'Give "set" or "sequence".');
  if (typeof otherwise !== "function")
    throw new OptionError("toolCalls.otherwise", otherwise, "Give an extractor, such as finalAnswer.");
  const excluded = new Set(exclude);
  return (text, message) => {
    const calls = message && called(message, excluded, parallel);
    return calls === undefined ? inWords(otherwise(text, message as Message)) : calls;
  };
}

function requireNames(exclude: unknown): void {
  if (Array.isArray(exclude) && exclude.every((name) => typeof name === "string" && name !== "")) return;
  const fix = 'Give a list of names, such as ["reason", "search.limit"].';
  throw new OptionError("toolCalls.exclude", exclude, fix);
}
