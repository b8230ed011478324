import type { Purpose, Stage, Vote } from "../core/types.js";

/** One sample of a run, as the laboratory keeps it. */
export interface RunSample {
  round: number;
  stage: Stage;
  purpose: Purpose;
  /** Places of the samples that it quotes, among those of its question. */
  parents: readonly number[];
  /** Canonical answer; `null` if none could be read. */
  answer: string | null;
  /** `null` if the provider did not say. */
  inputTokens: number | null;
  /** Likewise; hidden reasoning included. */
  outputTokens: number | null;
  failed: boolean;
  /** Set if the call failed without a response, and so gave its sample back: it is not spent. */
  isRefunded?: true;
  /** What was said; kept of scores alone, which a vote reads. */
  text?: string;
}

/** What a question had got, and how its vote stood, when the whole run had spent a certain budget. */
export interface Standing {
  /** Answer that would have been returned; `null` if there was none. */
  answer: string | null;
  /** Most votes (or the most weight) first. */
  votes: readonly Vote[];
  /** Samples of this question so far, without those that failed calls gave back; so are the tokens. */
  samples: number;
  inputTokens: number;
  outputTokens: number;
}

/** One question in one run. */
export interface QuestionRun {
  id: string;
  /** Gold answer in canonical form; `null` if unknown. */
  gold: string | null;
  /** One per checkpoint of the run. `null` where the run had not yet spent anything. */
  standings: readonly (Standing | null)[];
  samples: readonly RunSample[];
  /**
   * What the vote of the method elected when each unit of the question after its first was
   * granted, in their order; `null` where there was no answer yet. Absent if unknown.
   */
  electedBefore?: readonly (string | null)[];
}

/** One run of one method over all questions, with one shared budget. */
export interface Run {
  method: string;
  seed: number;
  /** What gave the answers, as its user calls it; `null` if nobody said. */
  model: string | null;
  /** What was spent per question on average at each checkpoint, at most; ascending. */
  checkpoints: readonly number[];
  /** What the checkpoints count. */
  unit: CheckpointUnit;
  questions: readonly QuestionRun[];
  /** Hash of the texts of the questions as they were asked, in their order. Absent for a replay. */
  questionsHash?: string;
  /** Most calls in flight; absent if nothing limited them. Some allocators serve fewer questions a round under a limit. */
  maxConcurrency?: number;
  /** What a whole unit asked, so that its samples can be replayed; see `unitPlanOf`. Absent if unknown. */
  unitPlan?: string;
  /** Wall time of the whole run; `null` for a replay. */
  seconds: number | null;
}

/** Samples, or output tokens. */
export type CheckpointUnit = "samples" | "outputTokens";
