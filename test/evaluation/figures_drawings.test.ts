import { describe, expect, it } from "vitest";
import { curveOf, figureSvg, figuresOf, reportHtml, scoreRuns } from "../../src/evaluation/index.js";
import type { Figure, Run } from "../../src/evaluation/index.js";
import { replayed } from "./figures_data.js";
import { runOf, runSample } from "./runs.js";

interface Layer {
  mark: { type: string };
  data: { values: Record<string, unknown>[] };
  encoding: { strokeDash?: { scale: { range: number[][] } }; x?: { scale: { type?: string } } };
}

function figureOf(runs: readonly Run[], name: string): Figure {
  const found = figuresOf({ runs, spend: "samples" }).find((figure) => figure.name === name);
  if (!found) throw new Error(`${name} was made`);
  return found;
}

function layer(figure: Figure, mark: string): Layer | undefined {
  return (figure.drawing as { layer: Layer[] }).layer.find((each) => each.mark.type === mark);
}

describe("what is drawn", () => {
  it("is every measured point, in percent, on its line and in its band", () => {
    const figure = figureOf(replayed, "accuracy_by_samples");
    const points = scoreRuns(replayed)
      .map(curveOf)
      .flatMap((curve) =>
        curve.points.map(({ samples, score: { mean, low, high } }) => ({
          method: curve.method,
          spend: samples,
          score: 100 * mean,
          low: 100 * low,
          high: 100 * high,
        })),
      );
    for (const mark of ["point", "line", "area"]) expect(layer(figure, mark)?.data.values).toEqual(points);
    expect(layer(figure, "rule")?.data.values).toEqual([]);
  });

  it("is an interval as a line where there is a single point", () => {
    const figure = figureOf([runOf("one", 0, ["ab"], [8])], "accuracy_by_samples");
    expect(layer(figure, "rule")?.data.values).toEqual([
      { method: "one", spend: 8, score: 50, low: 0, high: 100 },
    ]);
    expect(layer(figure, "area")?.data.values).toEqual([]);
  });

  it("writes a hundred percent as 100 beside the axis", async () => {
    const svg = await figureSvg(figureOf([runOf("one", 0, ["aaaaaaaaaab"], [8])], "accuracy_by_samples"));
    expect(svg).toContain(">100</text>");
    expect(svg).not.toContain("1e+2");
  });

  it("tells methods apart by dashes too, and spreads budgets that double", () => {
    const figure = figureOf(replayed, "accuracy_by_samples");
    const dashes = layer(figure, "line")?.encoding.strokeDash?.scale.range ?? [];
    expect(new Set(dashes.map(String)).size).toBe(2);
    expect(layer(figure, "line")?.encoding.x?.scale.type).toBeUndefined();
    const wide = figureOf([runOf("one", 0, ["ab", "ab", "ab"], [2, 8, 64])], "accuracy_by_samples");
    expect(layer(wide, "line")?.encoding.x?.scale.type).toBe("log");
  });
});

describe("what is said", () => {
  it("calls a method behind that is behind, and ahead that is ahead", () => {
    const runs = [
      runOf("base", 0, ["aaaabbbb"], [8]),
      runOf("worse", 0, ["bbbbbbbb"], [8]),
      runOf("better", 0, ["aaaaaaaa"], [8]),
      runOf("alike", 0, ["aaabbbba"], [8]),
    ];
    expect(figureOf(runs, "difference").tables[0]?.rows.map((row) => [row[0], row[3], row[5]])).toEqual([
      ["worse", "−50.0", "behind"],
      ["better", "+50.0", "ahead"],
      ["alike", "0.0", "no difference shown"],
    ]);
  });

  it("sorts questions by how often independent answers are right, conditioned ones aside", () => {
    const run = runOf("one", 0, ["bbb"], [3]);
    const answers = ["ab", "bb", "aa"];
    const questions = run.questions.map((question, place) => ({
      ...question,
      samples: [
        ...Array.from(answers[place] ?? "", (answer) => runSample(0, answer)),
        ...["a", "a", "a"].map((answer) => runSample(0, answer, { stage: "sequential", parents: [0] })),
      ],
    }));
    const rows = figureOf([{ ...run, questions }], "budget_by_question").tables[1]?.rows;
    expect(rows?.map((row) => [row[0], row[1]])).toEqual([
      ["q1", "0.0"],
      ["q0", "50.0"],
      ["q2", "100.0"],
    ]);
  });

  it("is escaped in every cell and head of a table", async () => {
    const table = {
      caption: "<i>1</i>",
      columns: [
        { label: "<i>2</i>", kind: "text" as const },
        { label: "<i>3</i>", kind: "number" as const },
      ],
      rows: [["<i>4</i>", "<i>5</i>"]],
    };
    const figure = { name: "n", title: "<i>6</i>", caption: "<i>7</i>", drawing: null, tables: [table] };
    const page = await reportHtml({ title: "t", figures: [figure] });
    expect(page).not.toContain("<i>");
    for (const digit of "1234567") expect(page).toContain(`&lt;i&gt;${digit}&lt;/i&gt;`);
  });
});
