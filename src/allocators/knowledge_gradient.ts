import { requireInteger, requireKnownKeys } from "../core/errors.js";
import type { Allocator, Arm } from "../core/types.js";
import { answerCounts } from "./answer_counts.js";
import { largestShareChance } from "./largest_share.js";
import { ranked } from "./ranked.js";
import type { RankedOptions } from "./ranked.js";

/** Options of `knowledgeGradient()`. */
export interface KnowledgeGradientOptions extends Pick<RankedOptions, "roundShare"> {
  /**
   * Answers that a question may have, at least 2: 4 for four choices. A question
   * with more different answers has as many as it has. Default 32.
   */
  answers?: number;
}

/**
 * Optimistic knowledge gradient, as PETS allocates samples to questions (arXiv
 * 2602.16745; Chen, Lin and Zhou 2013): with a flat Dirichlet prior over the
 * answers, h is the chance that the likeliest mode is the mode, and a question
 * ranks by how far the most helpful next answer would raise h. PETS estimates h
 * from 500 random draws; here it is integrated.
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function knowledgeGradient(options: KnowledgeGradientOptions = {}): Allocator {
  requireKnownKeys("knowledgeGradient", options, ["roundShare", "answers"]);
  const { roundShare, answers = 32 } = options;
  requireInteger("knowledgeGradient.answers", answers, 2);
  const memo = new Map<string, number>();
  const rank = ({ samples, inFlight }: Arm): number => {
    const { votes } = answerCounts(samples);
    const key = votes.join();
    const known = memo.get(key) ?? gradient(votes, Math.max(answers, votes.length));
    if (memo.size >= MEMO_ENTRIES) memo.clear();
    memo.set(key, known);
    return known / (1 + inFlight);
  };
  return ranked({
    name: "knowledgeGradient",
    roundShare,
    priority: rank,
    ranking: { level: () => 0, rank },
  });
}

/** More than one batch meets. */
const MEMO_ENTRIES = 10_000;

/** The largest rise of h by one more vote: one for the leader, as any other vote makes its lead smaller. */
function gradient(votes: readonly number[], answers: number): number {
  const shapes = Array.from({ length: answers }, (_, place) => (votes[place] ?? 0) + 1);
  const leader = shapes[0] as number;
  return largestShareChance(shapes.with(0, leader + 1), leader + 1) - largestShareChance(shapes, leader);
}
