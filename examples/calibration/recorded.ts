import { ledgerQuestions } from "langchain-dynscaling/local";
import { grouped } from "../results/embedded/grouped.js";
import type { Block } from "../results/embedded/recording.js";
import type { Response } from "./observations.js";

/** Everything recorded of one question. */
export interface QuestionRuns {
  gold: string;
  /** Independent responses that no chain of `units` quotes. */
  alone: Response[];
  /** Units of 4 independent and 4 conditioned responses, each with chains of its own. */
  units: Response[][];
}

const UNITS = 8;

/** The questions with 16 recorded units: 8 are units, and of the 8 others the independent halves stand beside them. */
export function runsOf(blocks: readonly Block[], seed: number): QuestionRuns[] {
  const byQuestion = grouped(
    blocks.filter(({ kind }) => kind === "guarded"),
    ({ id }) => id,
  );
  return ledgerQuestions({ count: 1000, seed }).flatMap(({ id, answer }) => {
    const units = (byQuestion.get(id) ?? [])
      .toSorted((a, b) => a.pass - b.pass)
      .flatMap((block) => block.units);
    if (units.length < 2 * UNITS) return [];
    const alone = units.slice(UNITS, 2 * UNITS).flat();
    return [
      {
        gold: answer,
        alone: alone.filter(({ stage }) => stage === "parallel"),
        units: units.slice(0, UNITS).map((unit) => [...unit]),
      },
    ];
  });
}
