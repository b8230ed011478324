/**
 * Draws the figure of the README from a real run on the embedded model: accuracy
 * against output tokens. Writes its points (JSON) and itself (SVG) to
 * examples/figure/. Takes about twenty minutes on two cores.
 *
 *   npx tsx examples/figure.ts [--questions 120] [--seed 2] [--redraw]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { DynScaling } from "langchain-dynscaling";
import type { MethodFields } from "langchain-dynscaling";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { proportion } from "langchain-dynscaling/evaluation";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";
import { independent } from "langchain-dynscaling/samplers";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import { View, parse } from "vega";

interface Point {
  method: string;
  samplesPerInput: number;
  /** Mean over the questions. */
  outputTokensPerInput: number;
  /** In percent, with the 95% interval over questions. */
  accuracy: number;
  low: number;
  high: number;
  questions: number;
  seed: number;
}

const FOLDER = new URL("./figure/", import.meta.url);
const SERIES: { method: string; fields: MethodFields; budgets: number[] }[] = [
  { method: "best of n (majority)", fields: selfConsistency(), budgets: [1, 4, 8, 16, 24] },
  { method: "DynScaling", fields: {}, budgets: [4, 8, 16, 24] },
  {
    method: "DynScaling, independent samples only",
    fields: { sampler: independent() },
    budgets: [8, 16, 24],
  },
];

const { values } = parseArgs({
  options: {
    questions: { type: "string", default: "120" },
    seed: { type: "string", default: "2" },
    redraw: { type: "boolean", default: false },
  },
});

async function measure(series: (typeof SERIES)[number]): Promise<Point[]> {
  const seed = Number(values.seed);
  const questions = ledgerQuestions({ count: Number(values.questions), seed });
  const points: Point[] = [];
  for (const samplesPerInput of series.budgets) {
    const model = new ChatLocal({ seed: seed + samplesPerInput });
    const scaled = new DynScaling({ model, budget: { samplesPerInput }, seed, ...series.fields });
    const records = await scaled.solve(questions.map(({ question }) => question));
    const right = records.filter(({ answer }, place) => answer === questions[place]?.answer).length;
    const { share, low, high } = proportion(right, records.length);
    const tokens = records.reduce((sum, { outputTokens }) => sum + (outputTokens ?? 0), 0);
    points.push({
      method: series.method,
      samplesPerInput,
      outputTokensPerInput: tokens / records.length,
      accuracy: 100 * share,
      low: 100 * low,
      high: 100 * high,
      questions: records.length,
      seed,
    });
    console.log(points.at(-1));
    await model.dispose();
  }
  return points;
}

/** Accuracy over tokens, one curve a method, each with its interval. */
function figure(points: Point[]): TopLevelSpec {
  const x = {
    field: "outputTokensPerInput",
    type: "quantitative",
    title: "output tokens per question",
  } as const;
  const color = {
    field: "method",
    type: "nominal",
    title: null,
    legend: { orient: "bottom", labelLimit: 300, symbolOpacity: 1 },
  } as const;
  return {
    data: { values: points },
    width: 520,
    height: 300,
    background: "white",
    layer: [
      {
        mark: { type: "area", opacity: 0.15 },
        encoding: {
          x,
          y: { field: "low", type: "quantitative", scale: { zero: false } },
          y2: { field: "high" },
          color,
        },
      },
      {
        mark: { type: "line", point: true },
        encoding: {
          x,
          y: { field: "accuracy", type: "quantitative", title: "accuracy (%)", scale: { zero: false } },
          color,
        },
      },
    ],
  };
}

await mkdir(FOLDER, { recursive: true });
const pointsFile = new URL("accuracy.json", FOLDER);
const points: Point[] = values.redraw
  ? (JSON.parse(await readFile(pointsFile, "utf8")) as Point[])
  : (await Promise.all(SERIES.map(measure))).flat();
await writeFile(pointsFile, `${JSON.stringify(points, null, 2)}\n`);
const view = new View(parse(compile(figure(points)).spec), { renderer: "none" });
await writeFile(new URL("accuracy.svg", FOLDER), `${await view.toSVG()}\n`);
