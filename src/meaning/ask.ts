import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import type { AIMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { OptionError, requireInteger, requireKnownKeys } from "../core/errors.js";
import type { GivenText, Grouping, Groups } from "../langchain/grouping.js";
import { spokenText } from "../langchain/messages.js";
import { outputLimit } from "../langchain/model.js";
import type { ChatLike } from "../langchain/model.js";
import { singleRequests } from "../langchain/single_requests.js";
import { sortedPlaces } from "./order.js";

/** Options of the groupings that ask a model; only `model` is required. */
export interface AskingOptions {
  /** The model that compares the responses; it may be a small one, at temperature 0. */
  model: ChatLike;
  /**
   * Most output tokens of one call, at least 1. Default: the model's own output limit.
   * Needed only where the budget counts output tokens or dollars.
   */
  maxOutputTokens?: number;
}

/** What the model found, by numbers from 1 in the order shown. */
export interface Finding {
  /** Each with the one that stands for it first; responses in no group stand alone. */
  groups: readonly (readonly number[])[];
  elected?: number;
}

/**
 * A grouping by one call of a model. The responses are shown in the order of their
 * characters, so that neither chance nor who came first has a say.
 *
 * @param read reads its answer, a JSON object; `null` if it is not valid
 */
export function asking(
  name: string,
  options: AskingOptions,
  task: string,
  read: (found: Record<string, unknown>) => Finding | null,
): Grouping {
  requireKnownKeys(name, options, ["model", "maxOutputTokens"]);
  const { model } = options;
  if (typeof model?.invoke !== "function") {
    const fix = "Give a chat model; the one that is sampled will do.";
    throw new OptionError(`${name}.model`, model, fix);
  }
  const { maxOutputTokens = outputLimit(model) } = options;
  if (maxOutputTokens !== undefined) requireInteger(`${name}.maxOutputTokens`, maxOutputTokens, 1);
  const asked = singleRequests(model, true);
  return {
    name,
    maxOutputTokens,
    mostInputTokens: (question, texts) => bytesOf(task) + bytesOf(shown(question, texts)) + TOKENS_AROUND,
    async group(question, texts, config) {
      const order = sortedPlaces(texts);
      const message = await ask(
        asked,
        task,
        question,
        order.map((place) => texts[place] as GivenText),
        config,
      );
      const finding = read(readObject(spokenText(message)));
      const standsFor = finding && standingFor(finding, texts.length, order);
      if (finding === null || standsFor === null) {
        const fault = new Error(`The model's grouping is not valid: ${spokenText(message).slice(0, 200)}`);
        return { standsFor: null, messages: [message], fault };
      }
      const elected = finding.elected === undefined ? undefined : order[finding.elected - 1];
      return { standsFor, elected, messages: [message] } satisfies Groups;
    },
  };
}

async function ask(
  model: ChatLike,
  task: string,
  question: string,
  texts: readonly GivenText[],
  config: Partial<RunnableConfig>,
): Promise<AIMessage> {
  const messages = [new SystemMessage(task), new HumanMessage(shown(question, texts))];
  return (await model.invoke(messages, config)) as AIMessage;
}

function shown(question: string, texts: readonly GivenText[]): string {
  const responses = texts.map(({ text, count }, place) => ({
    number: place + 1,
    ...(count > 1 && { given: `${count} times` }),
    text,
  }));
  return JSON.stringify({ question, responses }, null, 1);
}

/** What a provider puts around two messages, and before the answer. */
const TOKENS_AROUND = 48;

/** No tokenizer that reads bytes makes more tokens of a text. */
function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Empty if there is none. */
function readObject(text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `null` if a number is none of a response, or stands in two places. */
function standingFor({ groups, elected }: Finding, texts: number, order: readonly number[]): number[] | null {
  const isNumber = (number: number): boolean => Number.isInteger(number) && number >= 1 && number <= texts;
  const named = groups.flat();
  if (!named.every(isNumber) || new Set(named).size !== named.length) return null;
  if (elected !== undefined && !isNumber(elected)) return null;
  const standsFor = Array.from({ length: texts }, (_, place) => place);
  for (const group of groups) {
    for (const number of group)
      standsFor[order[number - 1] as number] = order[(group[0] as number) - 1] as number;
  }
  return standsFor;
}
