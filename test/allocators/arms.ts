import type { AllocationContext, Arm, Sample } from "../../src/core/types.js";

/** An arm with these answers; an Error is a failed call. */
export function armOf(answers: readonly (string | null | Error)[], index = 0): Arm {
  const samples = answers.map((answer, place): Sample => ({
    index: place,
    round: place,
    stage: "parallel",
    purpose: "answer",
    parents: [],
    text: "text",
    usage: {},
    ...(answer instanceof Error ? { answer: null, error: answer } : { answer }),
  }));
  return {
    index,
    question: `question ${index}`,
    samples,
    unitStart: samples.length,
    inFlight: 0,
    uncertainty: 0.5,
  };
}

/** An arm with so many votes for each answer. */
export function votesOf(counts: readonly number[], index = 0): Arm {
  return armOf(
    counts.flatMap((count, answer) => Array<string>(count).fill(String(answer))),
    index,
  );
}

export const context: AllocationContext = {
  usedSamples: 100,
  unitSamples: 1,
  pulls: 100,
  arms: 10,
  slots: Infinity,
  meanOutputTokens: null,
  random: () => 0.5,
};
