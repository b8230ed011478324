import { AIMessage, HumanMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import {
  AIMessagePromptTemplate,
  ChatPromptTemplate,
  HumanMessagePromptTemplate,
  PromptTemplate,
  parseFString,
} from "@langchain/core/prompts";

/** Fills a template with a value for each of its variables; a promise only where LangChain does it. */
export type Fill<Variable extends string, Filled> = (
  values: Record<Variable, string | number>,
) => Filled | Promise<Filled>;

type FillPlain = (values: Record<string, string | number>) => string;

const MESSAGES = new Map<unknown, new (fields: { content: string }) => BaseMessage>([
  [AIMessagePromptTemplate, AIMessage],
  [HumanMessagePromptTemplate, HumanMessage],
]);

/**
 * As `template.format()`, for values of the given names. LangChain parses a template
 * whenever it fills it, which takes longer than the rest of a call; a plain one is parsed once.
 */
export function filledText<Variable extends string>(
  template: PromptTemplate,
  variables: readonly Variable[],
): Fill<Variable, string> {
  return plain(template, variables) ?? ((values) => template.format(values));
}

/** As `turns.formatMessages()`, likewise. */
export function filledTurns<Variable extends string>(
  turns: ChatPromptTemplate,
  variables: readonly Variable[],
): Fill<Variable, BaseMessage[]> {
  const parts: ((values: Record<Variable, string | number>) => BaseMessage)[] = [];
  for (const part of turns.promptMessages) {
    const { prompt, constructor } = part as { prompt?: unknown; constructor: unknown };
    const Message = MESSAGES.get(constructor);
    const fill = plain(prompt, variables);
    if (Message && fill) parts.push((values) => new Message({ content: fill(values) }));
  }
  const isPlain = parts.length === turns.promptMessages.length && isUnextended(turns, ChatPromptTemplate);
  return isPlain ? (values) => parts.map((part) => part(values)) : (values) => turns.formatMessages(values);
}

/** For a template of text and known variables alone; `undefined` for any other. */
function plain(template: unknown, variables: readonly string[]): FillPlain | undefined {
  if (!(template instanceof PromptTemplate) || !isUnextended(template, PromptTemplate)) return undefined;
  if (template.templateFormat !== "f-string" || typeof template.template !== "string") return undefined;
  const nodes = parseFString(template.template);
  const given = new Set<string>(template.inputVariables.filter((name) => variables.includes(String(name))));
  const isKnown = nodes.every((node) => node.type === "literal" || given.has(node.name));
  return isKnown
    ? (values) =>
        nodes.reduce((text, node) => text + (node.type === "literal" ? node.text : values[node.name]), "")
    : undefined;
}

/** Whether a template is filled with its values alone, in the way of its class. */
function isUnextended(
  template: { constructor: unknown; partialVariables?: object | undefined },
  own: unknown,
): boolean {
  return template.constructor === own && Object.keys(template.partialVariables ?? {}).length === 0;
}
