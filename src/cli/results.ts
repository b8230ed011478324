import type { Question } from "../evaluation/dataset.js";
import type { BudgetReport } from "../core/account.js";
import { readGold } from "../evaluation/gold.js";
import { proportion } from "../evaluation/statistics.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import type { DynScalingMetadata, InputRecord } from "../langchain/record.js";

/** One line of the results. */
export interface ResultLine extends Omit<DynScalingMetadata, "runId" | "batchId"> {
  id: string;
  /** Text of the winning response. */
  response?: string;
  /** Why there is none, or why sampling ended early. */
  error?: string;
  gold?: string;
  correct?: boolean;
}

/** What is written of one question. */
export async function resultLine(
  { id, answer: gold }: Question,
  record: InputRecord,
  extractor: AnswerExtractor,
): Promise<ResultLine> {
  const {
    message,
    error,
    responses: _responses,
    rounds: _rounds,
    runId: _run,
    batchId: _batch,
    ...facts
  } = record;
  return {
    id,
    ...facts,
    ...(message && { response: message.text }),
    ...(error && { error: error.message }),
    ...(gold !== undefined && {
      gold,
      correct: facts.answer !== null && facts.answer === (await readGold(gold, extractor)),
    }),
  };
}

/** What is printed of all questions together. */
export function summary(results: readonly ResultLine[], seconds: number, out: string): string {
  const sum = (pick: (line: ResultLine) => number | null): string =>
    results.reduce((total, line) => total + (pick(line) ?? 0), 0).toLocaleString("en");
  const isReplayed = results.some(({ replayedSamples }) => replayedSamples > 0);
  const replayed = isReplayed ? `${sum((line) => line.replayedSamples)} from the journal, ` : "";
  const [{ budget } = {}] = results;
  const judged = results.filter(({ correct }) => correct !== undefined);
  const lines = [
    `${results.length} questions, ${sum((line) => line.samples)} samples (${sum((line) => line.failedSamples)} failed, ` +
      replayed +
      `${sum((line) => line.unparsedSamples)} without a readable answer), ${sum((line) => line.inputTokens)} input and ` +
      `${sum((line) => line.outputTokens)} output tokens${cost(budget)}, ${seconds.toFixed(1)} s`,
  ];
  if (judged.length > 0) {
    const { share, low, high, total } = proportion(
      judged.filter(({ correct }) => correct).length,
      judged.length,
    );
    const percent = (value: number): string => (100 * value).toFixed(1);
    lines.push(
      `accuracy ${percent(share)}% (95% interval ${percent(low)} to ${percent(high)}, ${total} questions with a gold answer)`,
    );
  }
  const cut = results.find(({ error, response }) => error !== undefined && response !== undefined);
  if (cut) lines.push(`stopped early, with the votes over what had arrived: ${cut.error}`);
  const failed = results.filter(({ error, response }) => error !== undefined && response === undefined);
  if (failed.length > 0)
    lines.push(
      `${failed.length} questions got no response; the first: ${failed[0]?.id}: ${failed[0]?.error}`,
    );
  return `${lines.join("\n")}\nwritten to ${out}\n`;
}

/** What the provider charged, as far as it said; of calls without an outcome, what it may have charged. */
function cost(budget: BudgetReport | undefined): string {
  const [spent, reserved] = [budget?.spent.costUsd ?? null, budget?.reserved.costUsd ?? null];
  if (spent === null || reserved === null) return "";
  const unsure = reserved > 0 ? ` and at most $${reserved.toPrecision(3)} for calls without an outcome` : "";
  return `, $${spent.toPrecision(3)}${unsure}`;
}
