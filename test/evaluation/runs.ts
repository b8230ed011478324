import type { QuestionRun, Run, RunSample, Standing } from "../../src/evaluation/index.js";

/** A run in which every question had `samples` samples of 10 tokens and voted as the letters say, `-` for none. */
export function runOf(
  method: string,
  seed: number,
  votes: readonly string[],
  checkpoints: readonly number[],
): Run {
  return {
    method,
    seed,
    model: null,
    unit: "samples",
    checkpoints,
    seconds: null,
    questions: (votes[0] ?? "").split("").map((_, place): QuestionRun => ({
      id: `q${place}`,
      gold: "a",
      standings: checkpoints.map((samples, step) => standing(votes[step]?.[place] ?? "-", samples)),
      samples: [],
    })),
  };
}

export function standing(letter: string, samples: number): Standing {
  const answer = letter === "-" ? null : letter;
  return {
    answer,
    votes: answer === null ? [] : [{ answer, count: samples }],
    samples,
    inputTokens: samples,
    outputTokens: 10 * samples,
  };
}

/** A sample of a run; `answer` `-` for unreadable. */
export function runSample(round: number, answer: string, rest: Partial<RunSample> = {}): RunSample {
  return {
    round,
    stage: "parallel",
    purpose: "answer",
    parents: [],
    answer: answer === "-" ? null : answer,
    inputTokens: 1,
    outputTokens: 10,
    failed: false,
    ...rest,
  };
}

/** A run of one question with these samples, whose vote elected that before its units after the first. */
export function sampledRun(
  samples: readonly RunSample[],
  gold: string | null = "a",
  electedBefore: readonly (string | null)[] = [],
): Run {
  const question = { id: "q", gold, standings: [null], samples, electedBefore };
  return {
    method: "m",
    seed: 0,
    model: null,
    unit: "samples",
    checkpoints: [9],
    seconds: 1,
    questions: [question],
  };
}
