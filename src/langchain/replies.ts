import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { UnreadableAnswer, asError } from "../core/errors.js";
import { joined } from "../core/joined.js";
import { settleAll } from "../core/settle.js";
import type { Reply, SampleRequest, Usage } from "../core/types.js";
import { finishReason, isCutOff, mayRead } from "../extractors/cut_off.js";
import { finalAnswer } from "../extractors/final_answer.js";
import type { AnswerExtractor } from "./generate.js";
import { callsText, sharedUsage, spokenText } from "./messages.js";
import { isPromise, reader } from "./readings.js";
import type { OpenInput } from "./runs.js";
import { hideSecrets } from "./secrets.js";
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

/**
 * Makes replies of the responses to a call, their answers read; a promise where the extractor returns one.
 *
 * @param readingRuns whether such an extractor gets a run of its own for every response. Default true.
 */
export function repliesOf(
  extractor: AnswerExtractor,
  readingRuns?: boolean,
): (said: readonly AIMessage[], asked: Asked) => Replies {
  const read = reader(extractor, readingRuns);

  function replyOf(
    message: AIMessage,
    usage: Usage,
    { input, request, config, replayed }: Asked,
  ): Reply<AIMessage> | Promise<Reply<AIMessage>> {
    const spoken = spokenText(message);
    const reply = readReply(message, usage, spoken);
    if (replayed) reply.replayed = replayed;
    // Feedback and scores are read by those who asked for them.
    if (request.purpose !== undefined && request.purpose !== "answer") return reply;
    try {
      requireReader(extractor, reply, message);
      // The default opens no runs, so nothing has to be prepared for them.
      const answer =
        extractor === finalAnswer ? finalAnswer(spoken, message) : read(input, config, spoken, message);
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

/** @throws {UnreadableAnswer} if the response was cut off, and the extractor does not hear of it */
function requireReader(extractor: AnswerExtractor, reply: Reply, message: AIMessage): void {
  if (mayRead(extractor, message) || isEmpty(reply, message)) return;
  throw new UnreadableAnswer(
    `The response was cut off (finish reason "${finishReason(message)}"), and the extractor does not take the message, so it cannot tell.`,
  );
}

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
  return error instanceof UnreadableAnswer
    ? joined(reply, { unparsed: error.message })
    : failed(reply, error);
}

/** @throws the error itself, if LangGraph uses it to steer: it is no failed sample */
export function failed(reply: Reply<AIMessage>, error: unknown): Reply<AIMessage> {
  if (isSteering(error)) throw error;
  const kept = asError(error);
  // An extractor may have asked a service, too.
  hideSecrets(kept);
  return joined(reply, { error: kept });
}

/** @throws {Error} if an extractor returned a value that is neither text nor nothing: it would never vote */
function requireAnswer(answer: unknown): void {
  if (typeof answer === "string" || answer === null || answer === undefined) return;
  throw new Error(
    `The extractor returned ${typeof answer === "object" ? "an object" : `the ${typeof answer} ${String(answer)}`}; return text, or null for no answer.`,
  );
}

/** What a response says, before its answer is read. */
export function readReply(
  message: AIMessage,
  usage: Usage,
  spoken: string = spokenText(message),
): Reply<AIMessage> {
  const calls = callsText(message);
  return {
    text: spoken === "" || calls === "" ? spoken || calls : `${spoken}\n\n${calls}`,
    answer: null,
    usage,
    message,
    truncated: isCutOff(message),
  };
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
