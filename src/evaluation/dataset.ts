import { OptionError } from "../core/errors.js";

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
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, place) => {
      if (line.trim() === "") return [];
      const question = readLine(line, place + 1);
      const earlier = seen.get(question.id);
      if (earlier !== undefined)
        throw unreadable(place + 1, line, `Its id stands already on line ${earlier}; ids must differ.`);
      seen.set(question.id, place + 1);
      return [question];
    });
}

function readLine(line: string, number: number): Question {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch (error) {
    throw unreadable(number, line, `It is no JSON object (${(error as Error).message}).`);
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw unreadable(
      number,
      line,
      'Write one JSON object a line, such as {"question": "1 + 1 = ?", "answer": "2"}.',
    );
  }
  const { id = String(number), question, answer } = fields as Record<string, unknown>;
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

function unreadable(number: number, line: string, fix: string): OptionError {
  return new OptionError(`line ${number}`, line.length > 80 ? `${line.slice(0, 80)}…` : line, fix);
}
