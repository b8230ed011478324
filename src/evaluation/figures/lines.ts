import { FRAME, HEIGHT, WIDTH } from "./config.js";
import { writable } from "./markup.js";
import { INK } from "./palette.js";
import { seriesEncoding } from "./series.js";
import type { Look } from "./series.js";

/** One measured point of a curve. */
export interface Mark {
  method: string;
  spend: number;
  /** As drawn: percent, or percentage points. */
  score: number;
  low: number;
  high: number;
}

/** What a drawing of curves is made of. */
export interface LineDrawing {
  /** The points of every curve, as measured. */
  marks: readonly (readonly Mark[])[];
  /** What lines and bands go through. Default: the marks. */
  lines?: readonly (readonly Mark[])[];
  looks: ReadonlyMap<string, Look>;
  /** Makes the horizontal axis for the amounts that are drawn. */
  axis: (amounts: readonly number[]) => object;
  scoreTitle: string;
  /** A level to be seen at a glance, such as no difference. */
  level?: number;
}

/** Curves with their bands and marks; `null` if there is no point to draw. */
export function lineDrawing({ marks, lines = marks, looks, ...titles }: LineDrawing): object | null {
  const points = marks.flatMap(drawable);
  if (points.length === 0) return null;
  const paths = lines.map(drawable);
  const drawn = new Map(
    [...looks].filter(([method]) => points.some((point) => point.method === writable(method))),
  );
  const { color, strokeDash, shape } = seriesEncoding(drawn);
  const x = titles.axis(points.map(({ spend }) => spend));
  const y = {
    type: "quantitative",
    scale: { zero: false, nice: true },
    axis: { title: titles.scoreTitle, tickCount: 7, format: "~r" },
  };
  return {
    ...FRAME,
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: paths.filter(({ length }) => length > 1).flat() },
        mark: { type: "area", opacity: Math.min(0.15, 0.4 / drawn.size) },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      ...(titles.level === undefined
        ? []
        : [
            {
              data: { values: [{ level: titles.level }] },
              mark: { type: "rule", strokeWidth: 1.5, color: INK.light },
              encoding: { y: { ...y, field: "level" } },
            },
          ]),
      {
        // A single point has no band.
        data: { values: paths.filter(({ length }) => length === 1).flat() },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      {
        data: { values: paths.flat() },
        mark: { type: "line", strokeWidth: 2 },
        encoding: { x, y: { ...y, field: "score" }, color, strokeDash },
      },
      {
        data: { values: points },
        mark: { type: "point", filled: true, size: 55, opacity: 1 },
        encoding: { x, y: { ...y, field: "score" }, color, shape },
      },
    ],
  };
}

function drawable(marks: readonly Mark[]): Mark[] {
  return marks
    .filter(({ spend, score, low, high }) => [spend, score, low, high].every(Number.isFinite))
    .map((mark) => ({ ...mark, method: writable(mark.method) }));
}
