/**
 * Draws the figure of the README on the vote index: five questions that share one budget,
 * the answers as they arrive, and what the next one is worth to the vote. The answers are
 * made up, the allocation is real. Writes examples/figure/why.svg; takes seconds.
 *
 *   npx tsx examples/figure/why.ts
 */
import { writeFile } from "node:fs/promises";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { DynScaling } from "langchain-dynscaling";
import type { InputRecord } from "langchain-dynscaling";
import { voteIndex } from "langchain-dynscaling/allocators";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import { View, parse } from "vega";
import { numbersFrom } from "../data/seeded.js";

/** How often each question gets its most frequent answer, the next one, and so on. */
const QUESTIONS: Readonly<Record<string, readonly number[]>> = {
  "always the same answer": [1],
  "nearly always": [0.85, 0.15],
  "two answers, one ahead": [0.6, 0.4],
  "two answers, neck and neck": [0.5, 0.5],
  "a new answer each time": Array.from({ length: 40 }, () => 1 / 40),
};
const SEED = 11;
const AVERAGE = 10;
const ROLES = ["said the answer that won", "said the runner-up", "said something else"];

const random = numbersFrom(SEED);
const model = RunnableLambda.from((input: BaseLanguageModelInput) => {
  const [asked] = input as BaseMessage[];
  let left = random();
  const shares = QUESTIONS[asked?.text ?? ""] ?? [1];
  const answer = shares.findIndex((share) => (left -= share) < 0);
  return new AIMessage(`\\boxed{${answer}}`);
});

interface Point {
  question: string;
  /** Which sample of the question. */
  sample: number;
  /** What it was worth before it was asked; empty for the first, which everyone gets. */
  index: number | null;
  /** Which of `ROLES` its answer has. */
  answer: string;
}

/** The record alone tells all: the index that won each sample, and what it said. */
function pointsOf({ rounds, responses, votes, samples }: InputRecord, name: string): Point[] {
  return responses.map(({ answer, round }, place) => ({
    question: `${name}: ${samples} samples`,
    sample: place + 1,
    index: rounds.find((each) => each.round === round)?.priority ?? null,
    answer:
      ROLES[
        Math.min(
          2,
          votes.findIndex((vote) => vote.answer === answer),
        )
      ] ?? "",
  }));
}

function figure(points: readonly Point[]): TopLevelSpec {
  const x = {
    field: "sample",
    type: "quantitative",
    title: "samples of the question, in the order asked",
    axis: { grid: false },
  } as const;
  return {
    background: "white",
    data: { values: [...points] },
    facet: {
      row: {
        field: "question",
        type: "nominal",
        sort: [...new Set(points.map(({ question }) => question))],
        title: null,
        header: {
          labelAngle: 0,
          labelAnchor: "start",
          labelOrient: "top",
          labelFontWeight: "bold",
          labelFontSize: 12,
          labelPadding: 2,
        },
      },
    },
    spacing: 8,
    spec: {
      width: 560,
      height: 56,
      layer: [
        {
          transform: [{ filter: "datum.index !== null" }],
          mark: { type: "line", color: "#bbb", strokeWidth: 1 },
          encoding: { x, y: { field: "index", type: "quantitative" } },
        },
        {
          transform: [{ calculate: "datum.index === null ? 0.2 : datum.index", as: "shown" }],
          mark: { type: "circle", size: 55, opacity: 1 },
          encoding: {
            x,
            y: {
              field: "shown",
              type: "quantitative",
              title: "worth",
              scale: { type: "log", domain: [0.001, 0.3] },
              axis: { values: [0.001, 0.01, 0.1], format: "~g", titleFontWeight: "normal" },
            },
            color: {
              field: "answer",
              type: "nominal",
              title: null,
              scale: { domain: ROLES, range: ["#2166ac", "#e08214", "#bdbdbd"] },
              legend: { orient: "bottom", labelLimit: 300, symbolSize: 80, symbolOpacity: 1 },
            },
          },
        },
      ],
    },
  };
}

const scaled = new DynScaling({
  model,
  ...selfConsistency(),
  allocator: voteIndex(),
  unitSamples: 1,
  budget: { samplesPerInput: AVERAGE },
});
const names = Object.keys(QUESTIONS);
const records = await scaled.solve(names);
const points = records.flatMap((record, place) => pointsOf(record, names[place] as string));
const view = new View(parse(compile(figure(points)).spec), { renderer: "none" });
await writeFile(new URL("./why.svg", import.meta.url), `${await view.toSVG()}\n`);
for (const [place, { samples, votes, rounds }] of records.entries())
  console.log(names[place], samples, votes.slice(0, 3), rounds.at(-1)?.priority?.toFixed(4));
