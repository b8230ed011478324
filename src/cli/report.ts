import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Figure } from "../evaluation/figures/figure.js";
import { figuresOf } from "../evaluation/figures/figures_of.js";
import { trustFigures } from "../evaluation/figures/trust_figures.js";
import { figureSvg } from "../evaluation/figures/vega.js";
import type { PoolQuestion } from "../evaluation/pool.js";
import { reportHtml } from "../evaluation/report.js";
import type { Run } from "../evaluation/run.js";
import { judgedAnswers } from "../evaluation/trust.js";
import { requireFolder } from "./outputs.js";
import { REFERENCE } from "./scoreboard.js";
import { UsageError } from "./usage_error.js";

/** Where figures go. */
export interface Pictures {
  /** One page with all of them. */
  report: string | undefined;
  /** A folder with a file for each. */
  figures: string | undefined;
}

/** @throws {UsageError} if they cannot be drawn there, said before anything is spent */
export async function requirePictures({ report, figures }: Pictures): Promise<void> {
  if (report === undefined && figures === undefined) return;
  // An option that is one word short must not write over something else.
  if (report !== undefined && !report.endsWith(".html"))
    throw new UsageError(`--report: got "${report}". Name a file that ends in .html.`);
  await requireFolder("figures", figures);
  try {
    await Promise.all([import("vega"), import("vega-lite")]);
  } catch {
    throw new UsageError(
      `--${report === undefined ? "figures" : "report"} needs the packages vega and vega-lite, which did not load: npm install vega vega-lite`,
    );
  }
}

/** What a page shows. */
export interface ReportContents {
  title: string;
  /** At least one. */
  runs: readonly Run[];
  /** The recorded answers that were replayed. */
  pool?: readonly PoolQuestion[];
  /** Runs of the baseline at wider budgets, to compare with. */
  reference?: readonly Run[] | undefined;
}

/** Writes all figures: with their tables as one page, without them as SVG files. */
export async function writePictures(
  { report, figures: folder }: Pictures,
  { title, runs, pool, reference }: ReportContents,
): Promise<void> {
  if (report === undefined && folder === undefined) return;
  const figures = [
    ...figuresOf({
      runs,
      ...(pool !== undefined && { pool }),
      ...(runs.some(({ method }) => method === REFERENCE) && { compareWith: REFERENCE }),
      ...(reference !== undefined && { reference }),
    }),
    ...figuresOfTrust(runs),
  ];
  if (report !== undefined) await writeFile(report, await reportHtml({ title, figures }));
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  for (const figure of figures) {
    const svg = await figureSvg(figure);
    if (svg !== null) await writeFile(join(folder, `${figure.name}.svg`), svg);
  }
}

/** Of the first run of each method: answers of several seeds to one question are not independent. */
function figuresOfTrust(runs: readonly Run[]): Figure[] {
  const first = new Map(runs.toReversed().map((run) => [run.method, run]));
  const answers = Array.from(
    new Set(runs.map(({ method }) => method)),
    (method) => [method, judgedAnswers([first.get(method) as Run])] as const,
  ).filter(([, judged]) => judged.length > 0);
  return answers.length === 0 ? [] : trustFigures({ answers: Object.fromEntries(answers) });
}
