import { OptionError, requireKnownKeys } from "../../core/errors.js";
import { calibrationOf, riskCoverage } from "../trust.js";
import type { Calibration, JudgedAnswer, RiskCoverage } from "../trust.js";
import type { Proportion } from "../statistics.js";
import { number, text } from "./figure.js";
import type { Figure } from "./figure.js";
import { lineDrawing } from "./lines.js";
import type { Mark } from "./lines.js";
import { NONE, count, percent, plural } from "./numbers.js";
import { looksOf } from "./series.js";

/** Options of `trustFigures()`; only `answers` is required. */
export interface TrustFiguresOptions {
  /** Judged answers by the name of their method; see `judgedAnswers`. */
  answers: Readonly<Record<string, readonly JudgedAnswer[]>>;
  /** Bins of the reliability diagram, at least 1. Default 10. */
  bins?: number;
}

const DIAGONAL = "agreement is accuracy";

/**
 * How far agreement can be trusted: risk against coverage, and the reliability diagram.
 *
 * @throws {OptionError} if there is no method, or one without answers
 */
export function trustFigures(options: TrustFiguresOptions): Figure[] {
  requireKnownKeys("trustFigures", options, ["answers", "bins"]);
  const { answers, bins = 10 } = options;
  const methods = Object.entries(answers);
  if (methods.length === 0)
    throw new OptionError("trustFigures.answers", answers, "Give the answers of one method, or more.");
  const sizes = methods.map(([method, own]) => `${method}: ${plural(own.length, "answer")}`).join("; ");
  return [
    riskFigure(
      sizes,
      methods.map(([method, own]) => ({ method, curve: riskCoverage(own) })),
    ),
    reliabilityFigure(
      sizes,
      methods.map(([method, own]) => ({ method, calibration: calibrationOf(own, bins) })),
    ),
  ];
}

function riskFigure(sizes: string, curves: readonly { method: string; curve: RiskCoverage }[]): Figure {
  return {
    name: "risk_coverage",
    title: "Wrong answers among those that stand, if the least agreed go to a person",
    caption: `${sizes}. From left to right more answers stand, those of most agreement first. Bands: Wilson's 95% intervals over questions.`,
    drawing: lineDrawing({
      marks: curves.map(({ method, curve }) =>
        curve.points.map(({ coverage, risk }) => markOf(method, coverage.share, risk)),
      ),
      looks: looksOf(curves.map(({ method }) => method)),
      axis: () => shareAxis("answers that stand (%)"),
      scoreTitle: "wrong among them (%)",
    }),
    tables: [
      {
        caption: "Shares in percent",
        columns: [
          text("method"),
          number("least agreement"),
          number("stand"),
          number("wrong"),
          number("95% interval"),
        ],
        rows: curves.flatMap(({ method, curve }) =>
          curve.points.map(({ threshold, coverage, risk }) => [
            method,
            percent(threshold),
            percent(coverage.share),
            percent(risk.share),
            range(risk),
          ]),
        ),
      },
      {
        caption: "Mean share of wrong answers over all coverages, in percent",
        columns: [text("method"), number("area below the curve")],
        rows: curves.map(({ method, curve }) => [method, percent(curve.area)]),
      },
    ],
  };
}

function reliabilityFigure(
  sizes: string,
  methods: readonly { method: string; calibration: Calibration }[],
): Figure {
  const even = [0, 1].map((share) => markOf(DIAGONAL, share, { share, low: share, high: share, total: 0 }));
  return {
    name: "reliability",
    title: "How often answers are right, by how far their votes agree",
    caption: `${sizes}. Below the diagonal votes agree more often than they are right. Bands: Wilson's 95% intervals over questions.`,
    drawing: lineDrawing({
      marks: [
        ...methods.map(({ method, calibration }) =>
          calibration.bins.map(({ agreement, accuracy }) => markOf(method, agreement, accuracy)),
        ),
        even,
      ],
      looks: looksOf([...methods.map(({ method }) => method), DIAGONAL]),
      axis: () => shareAxis("agreement (%)"),
      scoreTitle: "right (%)",
    }),
    tables: [
      {
        caption: "Shares in percent, by agreement",
        columns: [
          text("method"),
          number("agreement"),
          number("questions"),
          number("mean agreement"),
          number("right"),
          number("95% interval"),
        ],
        rows: methods.flatMap(({ method, calibration }) =>
          calibration.bins.map(({ from, to, agreement, accuracy }) => [
            method,
            `${percent(from)} to ${percent(to)}`,
            count(accuracy.total),
            percent(agreement),
            percent(accuracy.share),
            range(accuracy),
          ]),
        ),
      },
      {
        caption: "In percentage points; the Brier score from 0 to 1",
        columns: [
          text("method"),
          number("expected calibration error"),
          number("agreement minus accuracy"),
          number("Brier score"),
        ],
        rows: methods.map(({ method, calibration: { expectedError, overconfidence, brier } }) => [
          method,
          percent(expectedError),
          percent(overconfidence),
          brier.toFixed(3),
        ]),
      },
    ],
  };
}

function markOf(method: string, at: number, { share, low, high }: Proportion): Mark {
  return { method, spend: 100 * at, score: 100 * share, low: 100 * low, high: 100 * high };
}

function shareAxis(title: string): object {
  return {
    field: "spend",
    type: "quantitative",
    title,
    scale: { domain: [0, 100] },
    axis: { grid: false, format: "~r", tickCount: 6 },
  };
}

function range({ low, high, total }: Proportion): string {
  return total === 0 ? NONE : `${percent(low)} to ${percent(high)}`;
}
