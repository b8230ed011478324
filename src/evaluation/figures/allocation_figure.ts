import { effectiveAllocation } from "../behaviour.js";
import type { Share } from "../behaviour.js";
import { bootstrapRatio } from "../bootstrap.js";
import type { Interval } from "../bootstrap.js";
import type { Run } from "../run.js";
import type { Grader } from "../scores.js";
import { number, text } from "./figure.js";
import type { Figure } from "./figure.js";
import { lineDrawing } from "./lines.js";
import { bounds, count, percent } from "./numbers.js";
import type { Look } from "./series.js";
import { restrictedTo } from "./setting.js";

/** Rounds are many and small; neighbours are taken together up to this share of the budget. */
const SLICES = 8;

interface Slice {
  /** Share of the additional budget spent at its middle, in [0, 1]. */
  spent: number;
  rate: Interval;
  share: Share;
}

/** Effective allocation rate against the share of the additional budget that was spent. */
export function allocationFigure({
  caption,
  methods,
  looks,
  isCorrect,
}: {
  caption: string;
  methods: ReadonlyMap<string, readonly Run[]>;
  looks: ReadonlyMap<string, Look>;
  isCorrect: Grader;
}): Figure {
  const measured = Array.from(methods, ([method, runs]) => {
    const byQuestion = (runs[0]?.questions ?? []).map((_, place) =>
      effectiveAllocation(restrictedTo(runs, place), isCorrect),
    );
    const { overall } = effectiveAllocation(runs, isCorrect);
    const rate = bootstrapRatio(byQuestion.map((each) => each.overall));
    return { method, overall, rate, slices: slicesOf(byQuestion.map(({ byRound }) => byRound)) };
  });
  const idle = measured.filter(({ overall }) => overall.of === 0).map(({ method }) => method);
  return {
    name: "effective_allocation",
    title: "Effective allocation rate",
    caption: [
      caption,
      "The share of the samples after the first unit that went to questions whose answer, by the vote of the method itself, was wrong when they were granted, over the course of the budget. What no budget can mend counts too, so more is not always better. Bands: 95% bootstrap over questions.",
      ...(idle.length > 0
        ? [`Nothing was spent after the first round, or no gold answer is known: ${idle.join(", ")}.`]
        : []),
    ].join(" "),
    drawing: lineDrawing({
      marks: measured.map(({ method, slices }) =>
        slices.map(({ spent, rate: { mean, low, high } }) => ({
          method,
          spend: 100 * spent,
          score: 100 * mean,
          low: 100 * low,
          high: 100 * high,
        })),
      ),
      looks,
      axis: () => ({
        field: "spend",
        type: "quantitative",
        title: "additional budget spent (%)",
        scale: { domain: [0, 100] },
        axis: { grid: false },
      }),
      scoreTitle: "spent on wrong answers (%)",
    }),
    tables: [
      {
        caption: "Effective allocation rate in percent, over the whole additional budget and in its course",
        columns: [
          text("method"),
          text("of the budget"),
          number("rate"),
          number("95% interval"),
          number("samples"),
        ],
        rows: measured.flatMap(({ method, overall, rate, slices }) => [
          [method, "all", percent(rate.mean), bounds(rate, percent), count(overall.of)],
          ...slices.map((slice) => [
            method,
            `about ${percent(slice.spent)}%`,
            percent(slice.rate.mean),
            bounds(slice.rate, percent),
            count(slice.share.of),
          ]),
        ]),
      },
    ],
  };
}

/** @param byQuestion shares of every question, round by round */
function slicesOf(byQuestion: readonly (readonly Share[])[]): Slice[] {
  const rounds = Math.max(0, ...byQuestion.map(({ length }) => length));
  const granted = Array.from({ length: rounds }, (_, round) =>
    sumOf(byQuestion.map((shares) => shares[round])),
  );
  const total = sumOf(granted).of;
  const slices: { first: number; last: number; before: number; of: number }[] = [];
  let before = 0;
  for (const [round, { of }] of granted.entries()) {
    const open = slices.at(-1);
    if (open !== undefined && open.of + of <= (1.001 * total) / SLICES) {
      open.last = round;
      open.of += of;
    } else if (of > 0) slices.push({ first: round, last: round, before, of });
    before += of;
  }
  return slices.map(({ first, last, before: start, of }) => {
    const shares = byQuestion.map((each) => sumOf(each.slice(first, last + 1)));
    return { spent: (start + of / 2) / total, rate: bootstrapRatio(shares), share: sumOf(shares) };
  });
}

function sumOf(shares: readonly (Share | undefined)[]): Share {
  return shares.reduce<Share>(
    (sum, share) => ({ count: sum.count + (share?.count ?? 0), of: sum.of + (share?.of ?? 0) }),
    { count: 0, of: 0 },
  );
}
