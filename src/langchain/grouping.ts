import type { AIMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";

/** A text that one or more responses to a question gave; the same object at every call for that question. */
export interface GivenText {
  readonly text: string;
  /** How many responses gave it so far, at least 1. */
  readonly count: number;
}

/** Which texts mean the same. */
export interface Groups {
  /**
   * For every text, in order, the place of the text that stands for its group: the
   * most central one. That one stands for itself; a text may be alone. `null` if the
   * answer of a model could not be read, say: what was known before holds on.
   */
  standsFor: readonly number[] | null;
  /** Place of the text that wins, whatever the votes. Default: the vote decides. */
  elected?: number | undefined;
  /** What the calls that found this out returned; they carry its usage. Default none. */
  messages?: readonly AIMessage[] | undefined;
  /** Why `standsFor` is `null`. */
  fault?: Error | undefined;
}

/**
 * Finds out which responses to one question mean the same, so that they vote
 * together. `langchain-dynscaling/meaning` holds some.
 *
 * The wrong tool where responses ought to differ: of poems, slogans and ideas the most
 * common one is the dullest, and agreement says nothing of how good it is. Nor is it
 * needed where an extractor can read the answer: a label, a number, an object.
 */
export interface Grouping {
  name: string;
  /** Most output tokens that one call of `group` can cost; 0 if it generates nothing, `undefined` if unknown. */
  maxOutputTokens: number | undefined;
  /**
   * Most input tokens that one call of `group` with these texts can have. Needed where a
   * budget counts dollars, unless it generates nothing.
   */
  mostInputTokens?: (question: string, texts: readonly GivenText[]) => number;
  /**
   * Called after a unit of the question that brought a new text, or, where a text was
   * elected, another response, with every different text so far, at least two. It is
   * repeated, and timed, as the calls of the model are. If it throws, what was known
   * before holds on, but nothing is elected any more, and the worst case is charged.
   *
   * @param config to be handed on to whatever it calls: callbacks, tags, and the signal
   */
  group(question: string, texts: readonly GivenText[], config: Partial<RunnableConfig>): Promise<Groups>;
}

/** What the grouping of one input took. */
export interface GroupingRecord {
  name: string;
  /** How often its responses were grouped. */
  calls: number;
  /** How often that failed, so that only equal texts voted together. */
  failedCalls: number;
  /** Summed over the calls that reported usage; `null` if none did. Counted in the input's own sum too. */
  inputTokens: number | null;
  /** Likewise; hidden reasoning included. */
  outputTokens: number | null;
  /** Why the last failed call did. */
  error?: string | undefined;
}

/** The extractor for votes by meaning: the whole response without the white space around it; `null` if empty. */
export function wholeText(text: string): string | null {
  return text.trim() || null;
}

/** @throws {OptionError} if it is no grouping, or the budget counts tokens or dollars and nobody knows how many it takes */
export function requireGrouping(grouping: Grouping, { totalOutputTokens, totalCostUsd }: Budget): void {
  if (typeof grouping?.group !== "function") {
    const fix = "Give one of langchain-dynscaling/meaning, such as byEmbeddings({ embeddings }).";
    throw new OptionError("grouping", grouping, fix);
  }
  const { maxOutputTokens, mostInputTokens } = grouping;
  if ((totalOutputTokens ?? totalCostUsd) !== undefined && maxOutputTokens === undefined) {
    throw new OptionError(
      "grouping.maxOutputTokens",
      undefined,
      "A limit in output tokens or dollars needs the worst case of one grouping: set an output limit on its model (maxTokens or maxOutputTokens).",
    );
  }
  if (totalCostUsd !== undefined && maxOutputTokens !== 0 && typeof mostInputTokens !== "function") {
    const fix =
      "A limit in dollars needs the worst case of its prompt: give a function of question and texts.";
    throw new OptionError("grouping.mostInputTokens", mostInputTokens, fix);
  }
}
