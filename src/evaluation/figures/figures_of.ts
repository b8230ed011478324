import { OptionError, requireInteger, requireKnownKeys } from "../../core/errors.js";
import { curveOf } from "../curves.js";
import type { Spend } from "../curves.js";
import type { PoolQuestion } from "../pool.js";
import { infiniteVote } from "../pool_statistics.js";
import type { Run } from "../run.js";
import { sameAnswer, scoreRuns } from "../scores.js";
import type { Grader } from "../scores.js";
import { allocationFigure } from "./allocation_figure.js";
import { SPEND_LABEL } from "./axes.js";
import { budgetMap } from "./budget_map.js";
import { curveFigure } from "./curve_figure.js";
import { differenceFigure } from "./difference_figure.js";
import type { Figure } from "./figure.js";
import { flipsFigure } from "./flips_figure.js";
import { percent } from "./numbers.js";
import { overview } from "./overview.js";
import { poolFigure } from "./pool_figure.js";
import { savingFigure } from "./saving_figure.js";
import { looksOf } from "./series.js";
import { byMethod, requireSameQuestions, settingText, unknownTokens } from "./setting.js";

/** Options of `figuresOf()`. */
export interface FiguresOptions {
  /** Runs over the same questions, at least one; all of them are shown. */
  runs: Iterable<Run>;
  /** The recorded answers that were replayed: adds agreement with their infinite vote, pass@k and maj@k. */
  pool?: readonly PoolQuestion[];
  /** Name of the method with which all others are compared. Default: that of the first run. */
  compareWith?: string;
  /**
   * Runs of `compareWith` over the same questions at other budgets, wider than those shown,
   * with which all others are compared at equal spend. Default: its runs as they are shown.
   */
  reference?: Iterable<Run>;
  /** What equal spend means. Default: output tokens; samples where no run tells its tokens. */
  spend?: Spend;
  /** Further figures of curves, each of some methods: an ablation, uncertainty measures, exploration ratios. */
  groups?: readonly MethodGroup[];
  /** Number of points over which the lines of curves are averaged, 1 or more; marks and tables stay raw. Default 1. */
  smoothing?: number;
  /** Default `sameAnswer`. */
  isCorrect?: Grader;
}

/** Methods that have a figure to themselves. */
export interface MethodGroup {
  title: string;
  /** Names of methods of the runs. */
  methods: readonly string[];
}

const OPTIONS = ["runs", "pool", "compareWith", "reference", "spend", "groups", "smoothing", "isCorrect"];

/**
 * All that there is to see in some runs, as figures with their numbers. Nothing is
 * drawn yet: see `figureSvg` and `reportHtml`.
 *
 * @throws {OptionError} if there is no run, the runs have not the same questions, or a method is unknown
 */
export function figuresOf(options: FiguresOptions): Figure[] {
  requireKnownKeys("figures", options, OPTIONS);
  const { pool, groups = [], smoothing = 1, isCorrect = sameAnswer } = options;
  const runs = [...options.runs];
  requireSameQuestions(runs);
  requireInteger("figures.smoothing", smoothing, 1);
  const methods = byMethod(runs);
  const compareWith = options.compareWith ?? (runs[0] as Run).method;
  requireMethod("figures.compareWith", compareWith, methods);
  for (const group of groups)
    for (const name of group.methods) requireMethod("figures.groups", name, methods);

  const unknown = unknownTokens(runs);
  const spend = options.spend ?? (unknown === 1 ? "samples" : "outputTokens");
  const caption = settingText(runs) + tokenNote(unknown);
  const looks = looksOf([compareWith, ...[...methods.keys()].filter((name) => name !== compareWith)]);
  const scores = scoreRuns(runs, { isCorrect });
  const curves = scores.map(curveOf);
  const agreed = pool === undefined ? null : scoreRuns(runs, { isCorrect, reference: infiniteVote(pool) });
  const agreement = agreed?.map(curveOf) ?? null;
  const common = { caption, looks, smoothing, spend };
  const compared = { caption, looks, compareWith, spend };
  const wide = [...(options.reference ?? [])];
  if (wide.length > 0) requireSameQuestions([runs[0] as Run, ...wide]);
  const [reference] = scoreRuns(wide, { isCorrect });

  const figures = [overview({ caption, curves, agreement })];
  // What conditioned samples quote is paid for as input.
  const isInputKnown = curves.some(({ points }) => points.some(({ inputTokens }) => inputTokens > 0));
  const spends: Spend[] = [spend, "samples", ...(isInputKnown ? (["inputTokens"] as const) : [])];
  for (const by of new Set(spends)) {
    const title = `Accuracy against ${SPEND_LABEL[by]}`;
    figures.push(curveFigure({ ...common, name: `accuracy_by_${FILE_NAME[by]}`, title, curves, spend: by }));
  }
  if (methods.size > 1) {
    figures.push(
      differenceFigure({ ...compared, name: "difference", scoreLabel: "accuracy", scores, reference }),
      savingFigure({ ...compared, name: "saving", scoreLabel: "accuracy", scores }),
    );
  }
  for (const [place, { title, methods: names }] of groups.entries()) {
    const members = names.flatMap((name) => curves.filter(({ method }) => method === name));
    figures.push(curveFigure({ ...common, name: `group_${place + 1}`, title, curves: members }));
  }
  if (agreed !== null && agreement !== null) {
    const scoreLabel = "agreement";
    figures.push(
      curveFigure({
        ...common,
        name: "agreement",
        title: "Agreement with the infinite vote",
        caption: `${caption} How often the vote elects what all recorded answers together elect, right or wrong.`,
        curves: agreement,
        scoreLabel,
      }),
    );
    if (methods.size > 1 && pool !== undefined) {
      const [agreeing] = scoreRuns(wide, { isCorrect, reference: infiniteVote(pool) });
      figures.push(
        differenceFigure({
          ...compared,
          name: "agreement_difference",
          scoreLabel,
          scores: agreed,
          reference: agreeing,
        }),
        savingFigure({ ...compared, name: "agreement_saving", scoreLabel, scores: agreed }),
      );
    }
  }
  figures.push(
    allocationFigure({ caption, methods, looks, isCorrect }),
    budgetMap({ caption, runs, scores, isCorrect }),
    ...flipsFigure({ caption, methods, isCorrect }),
  );
  if (pool !== undefined) figures.push(poolFigure(pool, isCorrect));
  return figures;
}

const FILE_NAME: Readonly<Record<Spend, string>> = {
  samples: "samples",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
};

function requireMethod(option: string, name: string, methods: ReadonlyMap<string, unknown>): void {
  if (!methods.has(name))
    throw new OptionError(
      option,
      name,
      `No run is of that method; there are ${[...methods.keys()].join(", ")}.`,
    );
}

function tokenNote(unknown: number): string {
  return unknown === 0
    ? ""
    : ` Output tokens are unknown for ${percent(unknown)}% of the samples, which count as none.`;
}
