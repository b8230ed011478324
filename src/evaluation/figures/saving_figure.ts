import { savingsOf } from "../savings.js";
import type { Saving } from "../savings.js";
import { SPEND_LABEL } from "./axes.js";
import type { ComparisonOptions } from "./difference_figure.js";
import { number, text } from "./figure.js";
import type { Figure } from "./figure.js";
import { NONE, amount, count, percent } from "./numbers.js";

/** What every method saves: how much more the reference needs to reach what the reference reaches. */
export function savingFigure(options: Omit<ComparisonOptions, "looks">): Figure {
  const { name, caption, scoreLabel, scores, compareWith, spend } = options;
  const reference = scores.find(({ method }) => method === compareWith);
  const rows = scores
    .filter((method) => method !== reference)
    .flatMap((method) => {
      const savings = reference === undefined ? [] : savingsOf(method, reference, spend);
      return savings.map((saving) => ({ method: method.method, saving }));
    });
  return {
    name,
    title: `Saving against “${compareWith}” in ${SPEND_LABEL[spend]}, by ${scoreLabel}`,
    caption: [
      caption,
      `The ${SPEND_LABEL[spend]} that “${compareWith}” needs to reach a score for the first time, divided by what the method needs: above 1 the method saves, below 1 it needs more; “${NONE}”: it never got there. Both lie on the straight lines between measured points.`,
      `“at least” (“at most”): the method (“${compareWith}”) was beyond the score at its smallest budget already, so what it needs is known only to be no more than that; “≈”: both were.`,
      "Intervals: 95% bootstrap over questions. Where curves are flat, a small change of the score is a large one of the ratio.",
    ].join(" "),
    drawing: null,
    tables: [
      {
        caption: `Saving ratios at the scores that “${compareWith}” has at its budgets`,
        columns: [
          text("method"),
          number("budget"),
          number(`${scoreLabel} (%)`),
          number("saving"),
          number("95% interval"),
          text("verdict"),
        ],
        rows: rows.map(({ method, saving }) => [
          method,
          amount(saving.checkpoint),
          percent(saving.score),
          marked(saving),
          Number.isFinite(saving.low) ? `${times(saving.low)} to ${times(saving.high)}` : NONE,
          verdict(saving),
        ]),
      },
    ],
  };
}

function times(ratio: number): string {
  if (!Number.isFinite(ratio) || ratio === 0) return NONE;
  return `${ratio < 100 ? ratio.toFixed(2) : count(ratio)}×`;
}

const MARKS = { atLeast: "at least ", atMost: "at most ", unknown: "≈ " };

function marked({ ratio, bound }: Saving): string {
  const shown = times(ratio);
  return bound === null || shown === NONE ? shown : `${MARKS[bound]}${shown}`;
}

/** A bound tells of one side only. */
function verdict({ low, high, bound }: Saving): string {
  if (low > 1 && (bound === null || bound === "atLeast")) return "saves";
  if (high < 1 && (bound === null || bound === "atMost")) return "needs more";
  return Number.isFinite(low) ? "no difference shown" : "not comparable";
}
