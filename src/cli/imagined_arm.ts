import type { Arm, Sample } from "../core/types.js";

/** A question with these answers, to hear what an allocator would say of it. */
export function imaginedArm(index: number, answers: readonly string[]): Arm {
  const samples = answers.map((answer, place): Sample => {
    return {
      text: answer,
      answer,
      usage: {},
      index: place,
      round: 0,
      stage: "parallel",
      purpose: "answer",
      parents: [],
    };
  });
  return { index, question: "", samples, unitStart: 0, inFlight: 0, uncertainty: 1 };
}
