import { compareAtEqualSpend } from "../comparison.js";
import type { Difference } from "../comparison.js";
import type { Spend } from "../curves.js";
import type { MethodScores } from "../scores.js";
import { SPEND_LABEL, spendAxis } from "./axes.js";
import { number, text } from "./figure.js";
import type { Figure } from "./figure.js";
import { lineDrawing } from "./lines.js";
import { amount, bounds, capital, count, points } from "./numbers.js";
import type { Look } from "./series.js";

/** What a comparison is made of. */
export interface ComparisonOptions {
  /** As in `Figure`. */
  name: string;
  caption: string;
  /** What the score is. */
  scoreLabel: string;
  scores: readonly MethodScores[];
  /** Name of the method with which all others are compared; one of `scores`. */
  compareWith: string;
  spend: Spend;
  looks: ReadonlyMap<string, Look>;
}

/**
 * How far every method is ahead of one of them at equal spend, or behind.
 *
 * @param options `reference`: that one, at other budgets than those in `scores`
 */
export function differenceFigure(
  options: ComparisonOptions & { reference?: MethodScores | undefined },
): Figure {
  const { name, scores, compareWith, spend, looks, caption, scoreLabel } = options;
  const { reference = scores.find(({ method }) => method === compareWith) } = options;
  const compared = scores
    .filter(({ method }) => method !== compareWith)
    .map((method) => ({
      method: method.method,
      differences: reference === undefined ? [] : compareAtEqualSpend(method, reference, spend),
      budgets: method.checkpoints.length,
    }));
  return {
    name,
    title: `${capital(scoreLabel)} against “${compareWith}” at equal ${SPEND_LABEL[spend]}`,
    caption: [
      caption,
      `Above zero a method is ahead of “${compareWith}” at the same spend, which is interpolated between two of its budgets, question by question; where it was not measured at that spend, at its own. Bands: 95% paired bootstrap over questions.`,
      "A verdict is given where the interval leaves out zero; many intervals are looked at here, so one in forty is ahead, and one behind, by chance alone.",
      ...left(compared),
    ].join(" "),
    drawing: lineDrawing({
      marks: compared.map(({ method, differences }) =>
        differences.map(({ spend: at, difference: { mean, low, high } }) => ({
          method,
          spend: at,
          score: 100 * mean,
          low: 100 * low,
          high: 100 * high,
        })),
      ),
      looks,
      axis: (amounts) => spendAxis(amounts, spend),
      scoreTitle: "difference (percentage points)",
      level: 0,
    }),
    tables: [
      {
        caption: `Difference to “${compareWith}” in percentage points, at equal ${SPEND_LABEL[spend]} per question`,
        columns: [
          text("method"),
          number("budget"),
          number(SPEND_LABEL[spend]),
          number("difference"),
          number("95% interval"),
          text("verdict"),
        ],
        rows: compared.flatMap(({ method, differences }) =>
          differences.map((each) => [
            method,
            amount(each.checkpoint),
            (spend === "samples" ? amount : count)(each.spend),
            points(each.difference.mean),
            bounds(each.difference, points),
            verdict(each),
          ]),
        ),
      },
    ],
  };
}

/** Ahead or behind only where the interval says so. */
function verdict({ difference: { low, high } }: Difference): string {
  if (low > 0) return "ahead";
  if (high < 0) return "behind";
  return Number.isFinite(low) ? "no difference shown" : "not comparable";
}

function left(
  compared: readonly { method: string; differences: readonly unknown[]; budgets: number }[],
): string[] {
  const missing = compared.filter(({ differences, budgets }) => differences.length < budgets);
  if (missing.length === 0) return [];
  const named = missing.map(
    ({ method, differences, budgets }) => `${method} (${budgets - differences.length} of ${budgets})`,
  );
  return [`Left out, since the two were never measured around an equal spend there: ${named.join(", ")}.`];
}
