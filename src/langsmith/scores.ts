import type { DynScalingMetadata } from "../langchain/record.js";

/** Feedback keys that every scored arm gets, so that runs can be filtered and sorted by them. */
export const ARM_KEYS = {
  agreement: "dynscaling_agreement",
  uncertainty: "dynscaling_uncertainty",
  samples: "dynscaling_samples",
  needsReview: "dynscaling_needs_review",
} as const;

/** What the vote says about one arm. */
export interface ArmScore {
  key: (typeof ARM_KEYS)[keyof typeof ARM_KEYS];
  score: number;
}

/**
 * Scores of one arm: agreement, that of its record, in [0, 1], and 0 if nothing
 * voted (failed and unreadable samples have no vote);
 * uncertainty, in [0, 1], as the arm's measure has it; samples, B_i, of any fate;
 * and, only where the option `review` asks for a person, 1 for that.
 */
export function armScores({ agreement, uncertainty, samples, review }: ArmRecord): ArmScore[] {
  return [
    { key: ARM_KEYS.agreement, score: agreement ?? 0 },
    { key: ARM_KEYS.uncertainty, score: uncertainty },
    { key: ARM_KEYS.samples, score: samples },
    ...(review ? [{ key: ARM_KEYS.needsReview, score: 1 }] : []),
  ];
}

type ArmRecord = Pick<DynScalingMetadata, "agreement" | "uncertainty" | "samples"> &
  Partial<Pick<DynScalingMetadata, "review">>;
