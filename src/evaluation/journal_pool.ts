import { OptionError } from "../core/errors.js";
import type { Usage } from "../core/types.js";
import { finalAnswer, markedAnswer } from "../extractors/final_answer.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import { readReply } from "../langchain/replies.js";
import type { JournalStore } from "../langchain/journal.js";
import { decodeEntry, restoreResponse } from "../langchain/journal_entry.js";
import type { JournalEntry } from "../langchain/journal_entry.js";
import { messagesHash, parseCallKey } from "../langchain/journal_keys.js";
import { sharedUsage, toMessages } from "../langchain/messages.js";
import type { Question } from "./dataset.js";
import { readGold } from "./gold.js";
import type { PoolQuestion, PoolSample } from "./pool.js";

/** A journal that can be listed: `FileJournal`, or any LangChain store of bytes. */
export interface ListedJournal extends JournalStore {
  yieldKeys(prefix?: string): AsyncGenerator<string>;
}

/** What tells `poolOfJournal()` what the hashes of a journal stand for. */
export interface JournalPoolOptions {
  /** The questions as they were asked, each as one text; others in the journal are left out. */
  dataset: readonly Question[];
  /** Reads answers, and the gold answers as well. Default `finalAnswer`. */
  extractor?: AnswerExtractor;
}

/**
 * The independent samples of a journal as a pool, to be replayed at no cost.
 * Conditioned samples, feedback and scores are left out, and so are questions that
 * then have none.
 *
 * @throws {OptionError} if the journal holds samples of several models for these questions
 */
export async function poolOfJournal(
  journal: ListedJournal,
  { dataset, extractor = finalAnswer }: JournalPoolOptions,
): Promise<PoolQuestion[]> {
  const keys = await keysByQuestion(journal, dataset);
  const pool = dataset.map(async ({ id, question, answer }): Promise<PoolQuestion> => {
    const own = keys.get(questionHash(question)) ?? [];
    const values = await journal.mget(own);
    const entries = own.flatMap((key, place) => (values[place] ? [decodeEntry(key, values[place])] : []));
    const samples = await Promise.all(
      entries.filter(isIndependent).map((each) => samplesOf(each, extractor)),
    );
    return {
      id,
      gold: answer === undefined ? null : await readGold(answer, extractor),
      samples: samples.flat(),
    };
  });
  return (await Promise.all(pool)).filter(({ samples }) => samples.length > 0);
}

/** The keys of each question of a dataset, by its hash, in the order asked. */
async function keysByQuestion(
  journal: ListedJournal,
  dataset: readonly Question[],
): Promise<Map<string, string[]>> {
  const keys = new Map(dataset.map(({ question }) => [questionHash(question), [] as string[]]));
  const models = new Set<string>();
  for await (const key of journal.yieldKeys()) {
    const parts = parseCallKey(key);
    const own = parts && keys.get(parts.question);
    if (own === undefined) continue;
    models.add(parts?.model ?? "");
    own.push(key);
  }
  if (models.size > 1) {
    const fix = "Their answers do not make one pool; keep a journal for each model and its settings.";
    throw new OptionError("journal", `samples of ${models.size} models`, fix);
  }
  const place = (key: string): [string, number] => [key.replace(/\d+$/, ""), parseCallKey(key)?.call ?? 0];
  for (const own of keys.values()) {
    own.sort((a, b) => {
      const [[armA, callA], [armB, callB]] = [place(a), place(b)];
      return armA === armB ? callA - callB : armA < armB ? -1 : 1;
    });
  }
  return keys;
}

function questionHash(question: string): string {
  return messagesHash(toMessages(question));
}

function isIndependent({ stage, purpose }: JournalEntry): boolean {
  return stage === "parallel" && purpose === "answer";
}

async function samplesOf({ responses }: JournalEntry, extractor: AnswerExtractor): Promise<PoolSample[]> {
  const messages = responses.map(restoreResponse);
  const usages = messages.length === 0 ? [] : sharedUsage(messages);
  return Promise.all(
    messages.map(async (message, place) => {
      const { text, truncated } = readReply(message, usages[place] as Usage);
      const read = truncated && extractor === finalAnswer ? markedAnswer(text) : extractor(text, message);
      return { answer: (await read) || null, tokens: usages[place]?.outputTokens ?? null };
    }),
  );
}
