import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { UnreadableAnswer, asError } from "../core/errors.js";
import { settleAll } from "../core/settle.js";
import type { Reply, SampleRequest, Usage } from "../core/types.js";
import { finalAnswer, markedAnswer } from "../extractors/final_answer.js";
import { toolCalls } from "../extractors/tool_calls.js";
import type { AnswerExtractor } from "./generate.js";
import { callsText, sharedUsage, spokenText } from "./messages.js";
import { isPromise, reader } from "./readings.js";
import type { OpenInput } from "./runs.js";
import { isSteering } from "./steering.js";

/** What the responses to a call were asked with. */
export interface Asked {
  input: OpenInput;
  request: SampleRequest;
  config: Partial<RunnableConfig>;
  /** Whether an earlier run paid for them. */
  replayed: boolean;
}

type Replies = Reply<AIMessage>[] | Promise<Reply<AIMessage>[]>;

/** Makes replies of the responses to a call, their answers read; a promise where the extractor returns one. */
export function repliesOf(extractor: AnswerExtractor): (said: readonly AIMessage[], asked: Asked) => Replies {
  const read = reader(extractor);

  function replyOf(
    message: AIMessage,
    usage: Usage,
    { input, request, config, replayed }: Asked,
  ): Reply<AIMessage> | Promise<Reply<AIMessage>> {
    const reply = readReply(message, usage);
    if (replayed) reply.replayed = replayed;
    // Feedback and scores are read by those who asked for them.
    if (request.purpose !== undefined && request.purpose !== "answer") return reply;
    try {
      const spoken = spokenText(message);
      const answer =
        extractor === finalAnswer
          ? defaultAnswer(spoken, message, reply.truncated === true)
          : read(input, config, spoken, message);
      if (!isPromise(answer)) return answered(reply, message, answer);
      return answer
        .then((awaited) => answered(reply, message, awaited))
        .catch((error: unknown) => unread(reply, error));
    } catch (error) {
      return unread(reply, error);
    }
  }

  return (said, asked) => {
    const usages = sharedUsage(said);
    if (said.length > 1)
      return settleAll(said.map(async (each, place) => replyOf(each, usages[place] as Usage, asked)));
    const reply = replyOf(said[0] as AIMessage, usages[0] as Usage, asked);
    return isPromise(reply) ? reply.then((one) => [one]) : [reply];
  };
}

/** How providers say that the output limit, or a filter, cut a response off. */
const CUT_OFF = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_length",
  "MAX_TOKENS",
  "content_filter",
  "SAFETY",
  "RECITATION",
  "PROHIBITED_CONTENT",
  "BLOCKLIST",
  "SPII",
]);

const FINISH_FIELDS = ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"] as const;

/** Where a response was cut off, its last words are no answer; where it calls tools, the calls are. */
function defaultAnswer(text: string, message: AIMessage, truncated: boolean): string | null {
  return (truncated ? markedOrCalled : finalOrCalled)(text, message);
}

const finalOrCalled = toolCalls();
const markedOrCalled = toolCalls({ otherwise: markedAnswer });

/** @throws {Error} if the answer is none that an extractor may return */
function answered(reply: Reply<AIMessage>, message: AIMessage, answer: unknown): Reply<AIMessage> {
  if (typeof answer === "string" && answer !== "") reply.answer = answer;
  else {
    requireAnswer(answer);
    if (isEmpty(reply, message)) reply.error = emptyResponse(message);
  }
  return reply;
}

function unread(reply: Reply<AIMessage>, error: unknown): Reply<AIMessage> {
  return error instanceof UnreadableAnswer ? { ...reply, unparsed: error.message } : failed(reply, error);
}

/** @throws the error itself, if LangGraph uses it to steer: it is no failed sample */
export function failed(reply: Reply<AIMessage>, error: unknown): Reply<AIMessage> {
  if (isSteering(error)) throw error;
  return { ...reply, error: asError(error) };
}

/** @throws {Error} if an extractor returned a value that is neither text nor nothing: it would never vote */
function requireAnswer(answer: unknown): void {
  if (typeof answer === "string" || answer === null || answer === undefined) return;
  throw new Error(
    `The extractor returned ${typeof answer === "object" ? "an object" : `the ${typeof answer} ${String(answer)}`}; return text, or null for no answer.`,
  );
}

/** What a response says, before its answer is read. */
export function readReply(message: AIMessage, usage: Usage): Reply<AIMessage> {
  const spoken = spokenText(message);
  const calls = callsText(message);
  return {
    text: spoken === "" || calls === "" ? spoken || calls : `${spoken}\n\n${calls}`,
    answer: null,
    usage,
    message,
    truncated: CUT_OFF.has(finishReason(message)),
  };
}

/** Where providers' clients keep why a response ended; of OpenAI's Responses API, why it ended too early. */
function finishReason({ response_metadata }: BaseMessage): string {
  const metadata: Record<string, unknown> = response_metadata ?? {};
  for (const field of FINISH_FIELDS) {
    const reason = metadata[field];
    if (typeof reason === "string") return reason;
  }
  const incomplete = metadata["incomplete_details"] as { reason?: unknown } | null | undefined;
  return String(incomplete?.reason ?? "unknown");
}

/** A call of a tool that cannot be read is a bad response, not an empty one. */
function isEmpty({ text }: Reply, { invalid_tool_calls }: AIMessage): boolean {
  return text.trim() === "" && (invalid_tool_calls ?? []).length === 0;
}

function emptyResponse(message: BaseMessage): Error {
  return new Error(
    `The model returned no text (finish reason "${finishReason(message)}"). If it stopped for length, raise its output limit.`,
  );
}
