import { hash } from "../langchain/journal_keys.js";
import { readJsonLines, unreadable } from "./json_lines.js";

/** One line of a dataset. */
export interface Question {
  /** Unique within the dataset. Default: the line's number. */
  id: string;
  question: string;
  /** Gold answer, in the form that the extractor returns; absent if unknown. */
  answer?: string;
}

/**
 * Reads a dataset: one JSON object a line, `{"id", "question", "answer"}`, of
 * which only `question` is required. Empty lines are skipped. Numbers are taken
 * as answers and ids too.
 *
 * @throws {OptionError} that names the first line which cannot be read, or a repeated id
 */
export function parseDataset(text: string): Question[] {
  const seen = new Map<string, number>();
  return readJsonLines(text, (fields, number, line) => {
    const question = readQuestion(fields, number, line);
    const earlier = seen.get(question.id);
    if (earlier !== undefined)
      throw unreadable(number, line, `Its id stands already on line ${earlier}; ids must differ.`);
    seen.set(question.id, number);
    return question;
  });
}

/** Stands for the texts of the questions in their order: ids may stay while a prompt changes. */
export function questionsHashOf(dataset: readonly Question[]): string {
  return hash(dataset.map(({ question }) => question));
}

function readQuestion(fields: Record<string, unknown>, number: number, line: string): Question {
  const { id = String(number), question, answer } = fields;
  if (typeof question !== "string" || question.trim() === "") {
    throw unreadable(number, line, 'It needs "question", a text that is not empty.');
  }
  if (!isPlain(id)) throw unreadable(number, line, '"id" must be a text or a number.');
  if (answer !== undefined && answer !== null && !isPlain(answer)) {
    throw unreadable(number, line, '"answer" must be a text or a number.');
  }
  return { id: String(id), question, ...(isPlain(answer) && { answer: String(answer) }) };
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
