import type { AIMessage } from "@langchain/core/messages";
import { mergeConfigs, patchConfig } from "@langchain/core/runnables";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { Account, Tokens } from "../core/account.js";
import { limitsTokens } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import { OptionError, asError } from "../core/errors.js";
import type { Method } from "../core/rounds.js";
import type { Arm, Reply, Sample, Solution } from "../core/types.js";
import { HIDDEN_FROM_STREAMS, Line, openCalls } from "./calls.js";
import type { GivenText, Grouping, Groups } from "./grouping.js";
import { usageOf } from "./messages.js";
import { openChild } from "./nest.js";
import { patience } from "./patience.js";
import type { Attempts, PatienceSettings } from "./patience.js";
import { sumKnown } from "./record.js";
import { inUnit } from "./round_runs.js";
import type { Grouped } from "./record.js";
import type { OpenInput } from "./runs.js";
import { isSteering } from "./steering.js";

/** Groups the responses of every arm, and keeps the books of it. */
export interface Grouper {
  /** The replies of an arm, each with the text that stands for its group as its answer. */
  reread(arm: Arm<AIMessage>, round: number): Promise<Reply<AIMessage>[]>;
  /** The same solution, won by the most central response of the group that won. */
  elect(solution: Solution<AIMessage>): Solution<AIMessage>;
  /** What an arm's grouping took, and the messages that carry its usage. */
  spentOn(arm: Arm): Grouped;
  /** Gives back what was put aside; may be called again. */
  close(): void;
}

interface Book {
  /** The answers as the extractor read them, one for each sample. */
  answers: (string | null)[];
  /** The different ones. */
  texts: Map<string, { text: string; count: number }>;
  /** How many of them were grouped. */
  grouped: number;
  /** How many responses gave one of them. */
  votes: number;
  standsFor: ReadonlyMap<string, string>;
  /** What the last grouping elected; gone if a later one failed. */
  elected: string | undefined;
  messages: AIMessage[];
  calls: number;
  error: Error | undefined;
  failedCalls: number;
}

interface GrouperSettings extends Omit<PatienceSettings, "model" | "repeatsUncertain" | "seed"> {
  /** One for each input. */
  questions: readonly string[];
  /** Opened later. */
  inputs: readonly OpenInput[];
  account: Account;
  budget: Budget;
  method: Pick<Method, "unitSamples" | "seed">;
  samplesPerCall: number;
  maxConcurrency: number | undefined;
  stop: AbortSignal;
}

/** What showing a response takes beside its own tokens. */
const TOKENS_AROUND_RESPONSE = 64;

/**
 * One grouping's worst case is put aside for every input at any time: whatever is
 * sampled can still be grouped. In dollars its prompt is among it, with a unit of
 * responses to come, each as long as the output limit lets it be.
 *
 * @throws {OptionError} if the budget cannot pay for one call and one grouping per input
 */
export function openGrouper(
  grouping: Grouping,
  {
    questions,
    inputs,
    account,
    budget,
    method,
    samplesPerCall,
    maxConcurrency,
    stop,
    ...care
  }: GrouperSettings,
): Grouper {
  const { totalCostUsd, maxOutputTokensPerSample = 0 } = budget;
  const worstOutput = grouping.maxOutputTokens ?? 0;
  const worstCase = (index: number, texts: readonly GivenText[], toCome: number): Tokens => ({
    outputTokens: worstOutput,
    inputTokens:
      totalCostUsd === undefined || grouping.mostInputTokens === undefined
        ? 0
        : grouping.mostInputTokens(questions[index] ?? "", texts) +
          toCome * (maxOutputTokensPerSample + TOKENS_AROUND_RESPONSE),
  });
  requireGroupingEach(budget, questions.length, samplesPerCall, worstOutput);
  const held = questions.map((_, index) => worstCase(index, [], method.unitSamples));
  const hold = (index: number, { inputTokens, outputTokens }: Tokens): void => {
    const before = held[index] as Tokens;
    held[index] = { inputTokens, outputTokens };
    account.hold({
      inputTokens: inputTokens - before.inputTokens,
      outputTokens: outputTokens - before.outputTokens,
    });
  };
  const release = (): void => held.forEach((_, index) => hold(index, { inputTokens: 0, outputTokens: 0 }));
  for (const each of held) account.hold(each);
  if (account.affordable() < samplesPerCall) {
    const limit = account.exhausted() === "cost" ? "totalCostUsd" : "totalOutputTokens";
    release();
    const fix = `It does not hold one call and one grouping for each of the ${questions.length} inputs; give a larger one.`;
    throw new OptionError(`budget.${limit}`, budget[limit], fix);
  }
  const repeatsUncertain = !limitsTokens(budget);
  const repeat = patience({ ...care, model: grouping, repeatsUncertain, seed: method.seed });
  const openCall = openCalls(stop);
  const line = new Line(maxConcurrency);
  const books = new Map<number, Book>();
  const bookOf = ({ index }: Arm): Book => {
    const book = books.get(index) ?? emptyBook();
    books.set(index, book);
    return book;
  };

  async function ask(arm: Arm, round: number, book: Book, texts: readonly GivenText[]): Promise<void> {
    const worst = worstCase(arm.index, texts, 0);
    book.elected = undefined;
    if (worst.inputTokens > (held[arm.index] as Tokens).inputTokens) {
      hold(arm.index, worst);
      if (account.isOverdrawn()) {
        book.error = new Error("The budget does not hold the prompt of another grouping.");
        return;
      }
    }
    await send(arm, round, book, texts, worst);
    hold(arm.index, worstCase(arm.index, texts, method.unitSamples));
  }

  async function send(
    arm: Arm,
    round: number,
    book: Book,
    texts: readonly GivenText[],
    worst: Tokens,
  ): Promise<void> {
    const input = inUnit(inputs[arm.index] as OpenInput, round);
    const call = openCall(input.config.signal);
    const run = input.round && (await openChild(input.round.run, "Grouping", grouping.name));
    const child = patchConfig(input.config, { callbacks: run?.getChild() });
    const config: Partial<RunnableConfig> = {
      ...mergeConfigs(child, {
        tags: [HIDDEN_FROM_STREAMS],
        metadata: { dynscaling_grouping: grouping.name },
      }),
    };
    book.calls += 1;
    const trip: Attempts<Groups> = {
      call,
      isSent: false,
      chargedRepeats: 0,
      attempt: async (own) => grouping.group(arm.question, texts, { ...config, signal: own }),
    };
    try {
      await line.enter();
      const groups = await repeat(trip).finally(() => line.leave());
      const { messages = [] } = groups;
      book.messages.push(...messages);
      const usages = messages.map(usageOf);
      account.charge({
        inputTokens: total(usages.map(({ inputTokens }) => inputTokens)) ?? worst.inputTokens,
        outputTokens: total(usages.map(({ outputTokens }) => outputTokens)) ?? worst.outputTokens,
      });
      const { standsFor, elected, fault } = groups;
      if (standsFor === null) throw new GroupsError(fault?.message ?? "It did not say why.");
      requireGroups(grouping.name, standsFor, texts.length);
      const textAt = (place = -1): string | undefined => texts[place]?.text;
      book.standsFor = new Map(texts.map(({ text }, place) => [text, textAt(standsFor[place]) as string]));
      book.elected = textAt(elected);
      await run?.handleChainEnd({ standsFor });
    } catch (error) {
      await run?.handleChainError(error);
      if (isSteering(error)) throw error;
      // What it sent before it failed is unknown.
      if (trip.isSent && !(error instanceof GroupsError)) account.charge(worst);
      book.failedCalls += 1;
      book.error = asError(error);
    } finally {
      call.close();
    }
  }

  return {
    async reread(arm, round) {
      const book = bookOf(arm);
      for (const sample of arm.samples.slice(book.answers.length)) add(book, textOf(sample));
      const texts = [...book.texts.values()];
      const votes = texts.reduce((sum, { count }) => sum + count, 0);
      const isStale = texts.length > book.grouped || (book.elected !== undefined && votes > book.votes);
      if (texts.length > 1 && isStale) {
        book.grouped = texts.length;
        book.votes = votes;
        await ask(arm, round, book, texts);
      }
      return arm.samples.map((sample, index) => {
        const text = book.answers[index] ?? null;
        return { ...sample, answer: text === null ? null : (book.standsFor.get(text) ?? text) };
      });
    },
    elect(solution) {
      const { arm, tally } = solution;
      const { answers, elected } = bookOf(arm);
      const won = elected ?? arm.samples[tally.winner ?? -1]?.answer ?? null;
      const central = won === null ? -1 : answers.indexOf(won);
      return central < 0 ? solution : { ...solution, tally: { ...tally, winner: central } };
    },
    spentOn(arm) {
      const { messages, calls: number, failedCalls, error } = bookOf(arm);
      const usages = messages.map(usageOf);
      return {
        record: {
          name: grouping.name,
          calls: number,
          failedCalls,
          inputTokens: sumKnown(usages.map(({ inputTokens }) => inputTokens)),
          outputTokens: sumKnown(usages.map(({ outputTokens }) => outputTokens)),
          ...(error && { error: error.message }),
        },
        messages,
      };
    },
    close: release,
  };
}

/** What the grouping returned is no grouping; its calls are booked already. */
class GroupsError extends Error {}

function emptyBook(): Book {
  return {
    answers: [],
    texts: new Map(),
    grouped: 0,
    votes: 0,
    standsFor: new Map(),
    elected: undefined,
    messages: [],
    calls: 0,
    error: undefined,
    failedCalls: 0,
  };
}

/** A response that was cut off cannot be compared as a whole; it does not vote. */
function textOf({ answer, error, purpose, truncated }: Sample): string | null {
  return error !== undefined || purpose !== "answer" || truncated === true ? null : answer;
}

function add({ answers, texts }: Book, text: string | null): void {
  answers.push(text);
  if (text === null) return;
  const known = texts.get(text) ?? { text, count: 0 };
  known.count += 1;
  texts.set(text, known);
}

/** `undefined` if a call did not say. */
function total(counts: readonly (number | undefined)[]): number | undefined {
  return counts.includes(undefined) ? undefined : (sumKnown(counts) ?? 0);
}

function requireGroups(name: string, standsFor: unknown, texts: number): void {
  const isPlace = (place: unknown): boolean => Number.isInteger(place) && (place as number) in places;
  const places: readonly unknown[] = Array.isArray(standsFor) ? standsFor : [];
  const valid =
    places.length === texts && places.every((place) => isPlace(place) && places[place as number] === place);
  if (!valid)
    throw new GroupsError(`The grouping "${name}" returned no text that stands for itself for every text.`);
}

function requireGroupingEach(
  { totalOutputTokens, maxOutputTokensPerSample = 0 }: Budget,
  inputs: number,
  samplesPerCall: number,
  worstCase: number,
): void {
  const each = samplesPerCall * maxOutputTokensPerSample + worstCase;
  if (totalOutputTokens === undefined || totalOutputTokens >= inputs * each) return;
  throw new OptionError(
    "budget.totalOutputTokens",
    totalOutputTokens,
    `One call and one grouping for each of the ${inputs} inputs can take ${inputs} x ${each} = ${inputs * each} output tokens; give at least that, or lower the output limits.`,
  );
}
