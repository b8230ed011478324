import type { Prices } from "../core/budget.js";
import { compareAtEqualSpend } from "../evaluation/comparison.js";
import type { Difference } from "../evaluation/comparison.js";
import { curveOf } from "../evaluation/curves.js";
import type { CurvePoint, Spend } from "../evaluation/curves.js";
import type { Interval } from "../evaluation/bootstrap.js";
import type { PoolQuestion } from "../evaluation/pool.js";
import { infiniteVote } from "../evaluation/pool_statistics.js";
import type { Run } from "../evaluation/run.js";
import { scoreRuns } from "../evaluation/scores.js";
import type { MethodScores } from "../evaluation/scores.js";

/** The baseline that others are compared with, if it is among the methods. */
export const REFERENCE = "selfConsistency";

/** What a table shows besides accuracy. */
export interface ScoreboardOptions {
  prices?: Prices | null;
  /** The recorded answers that were replayed: adds agreement with their infinite vote. */
  pool?: readonly PoolQuestion[];
  /** The baseline at more budgets than are shown, to compare with. Default: as it is shown. */
  reference?: readonly Run[];
}

/**
 * One line per method and budget, for people: spend, accuracy with its interval, and
 * how far it is ahead of best-of-n at equal output tokens.
 *
 * @param runs at least one
 */
export function scoreboard(
  runs: readonly Run[],
  { prices = null, pool, reference: wide = runs }: ScoreboardOptions,
): string {
  const scores = scoreRuns(runs);
  const agreement = pool === undefined ? null : scoreRuns(runs, { reference: infiniteVote(pool) });
  const spend: Spend = tellsTokens(scores) ? "outputTokens" : "samples";
  const reference = scoreRuns(wide).find(({ method }) => method === REFERENCE);
  const marks = new Set<string>();
  const rows = scores.flatMap((method, place) => {
    const isCompared = reference !== undefined && method.method !== REFERENCE;
    const ahead = isCompared ? compareAtEqualSpend(method, reference, spend) : [];
    const agreed = agreement?.[place] && curveOf(agreement[place]);
    return curveOf(method).points.map((point) => [
      method.method,
      String(method.runs),
      String(point.checkpoint),
      point.samples.toFixed(1),
      ...(agreement ? [] : [Math.round(point.inputTokens).toLocaleString("en")]),
      Math.round(point.outputTokens).toLocaleString("en"),
      ...(prices ? [dollars(point, prices)] : []),
      percent(point.score),
      ...(agreement
        ? [percent(agreed?.points.find(({ checkpoint }) => checkpoint === point.checkpoint)?.score)]
        : []),
      isCompared ? compared(ahead, point, spend, marks) : NONE,
      `${(100 * point.noAnswer).toFixed(1)}`,
    ]);
  });
  const heads = [
    "method",
    "runs",
    "budget",
    "samples",
    ...(agreement ? [] : ["input tokens"]),
    "output tokens",
    ...(prices ? ["dollars"] : []),
    "right %",
    ...(agreement ? ["as infinite vote %"] : []),
    `ahead of ${REFERENCE}`,
    "no answer %",
  ];
  return `${aligned([heads, ...rows])}\n${[...footnotes(runs, scores, spend), ...NOTES.flatMap(([mark, note]) => (marks.has(mark) ? [note] : []))].join(" ")}\n`;
}

const NONE = "-";
const ELSEWHERE = "*";

/** What is said of a mark below the table. */
const NOTES: readonly (readonly [mark: string, note: string])[] = [
  [
    ELSEWHERE,
    `"${ELSEWHERE}": at what ${REFERENCE} spent at that budget, since it was not measured at what the method spent.`,
  ],
  [
    NONE,
    `"${NONE}" beside a method: it and ${REFERENCE} were never measured around an equal spend there; give more budgets, below or above.`,
  ],
];

function compared(ahead: readonly Difference[], point: CurvePoint, spend: Spend, marks: Set<string>): string {
  const found = ahead.find(({ checkpoint }) => checkpoint === point.checkpoint);
  const mark = found === undefined ? NONE : found.spend === point[spend] ? "" : ELSEWHERE;
  marks.add(mark);
  return found === undefined ? NONE : `${percent(found.difference, "+")}${mark}`;
}

function footnotes(runs: readonly Run[], scores: readonly MethodScores[], spend: Spend): string[] {
  const questions = runs[0]?.questions.length ?? 0;
  const unreached = scores.some(({ checkpoints }) => checkpoints.length < (runs[0]?.checkpoints.length ?? 0));
  return [
    `Per question on average over ${questions} ${questions === 1 ? "question" : "questions"} and all runs of a method;`,
    "in brackets 95% intervals (bootstrap over questions).",
    `"ahead" is at equal ${spend === "samples" ? "samples" : "output tokens"}, in points.`,
    ...(unreached ? ["A budget within which a method did not end its first round has no line."] : []),
  ];
}

/** Where nobody knows the tokens, equal spend means equal samples. */
function tellsTokens(scores: readonly MethodScores[]): boolean {
  return scores.some(({ checkpoints }) =>
    checkpoints.some((point) => point.questions.some(({ outputTokens }) => outputTokens > 0)),
  );
}

function dollars(
  { inputTokens, outputTokens }: Record<"inputTokens" | "outputTokens", number>,
  { inputUsdPerMillionTokens, outputUsdPerMillionTokens }: Prices,
): string {
  const cost = inputTokens * inputUsdPerMillionTokens + outputTokens * outputUsdPerMillionTokens;
  return (cost / 1e6).toPrecision(3);
}

function percent(interval: Interval | undefined, sign = ""): string {
  if (interval === undefined || Number.isNaN(interval.mean)) return NONE;
  const points = (share: number): string => {
    const rounded = Number((100 * share).toFixed(1));
    return `${rounded > 0 ? sign : ""}${Math.abs(rounded) === 0 ? "0.0" : rounded.toFixed(1)}`;
  };
  return `${points(interval.mean)} [${points(interval.low)}, ${points(interval.high)}]`;
}

/** Columns of equal width, the first to the left. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  return rows.map(line).join("\n");
}
