/**
 * The nouns of the package. Read this page first, then `solve.ts`.
 *
 * `Message` is whatever the edge wants kept with a response (for the Runnable:
 * LangChain's `AIMessage`); the core never looks inside.
 */

/** Uniform number in [0, 1); each call draws the next one. */
export type Random = () => number;

/** `parallel`: asked on its own. `sequential`: asked with a chain of earlier responses. */
export type Stage = "parallel" | "sequential";

/**
 * What a sample is asked for: an answer, or, about an earlier sample, feedback in
 * words or a score. Feedback and scores cost budget and never vote.
 */
export type Purpose = "answer" | "feedback" | "score";

/** Tokens of one model call. `undefined` means that the provider did not say, never zero. */
export interface Usage {
  inputTokens?: number | undefined;
  /** Everything generated, hidden reasoning included. */
  outputTokens?: number | undefined;
  /** Those of `inputTokens` that the provider had in its cache of prompts, where it says. */
  cachedInputTokens?: number | undefined;
  /**
   * What a call of its own would have cost on top of `inputTokens`: the responses to one
   * request share its prompt. Left out where there was one response.
   */
  savedInputTokens?: number | undefined;
}

/** What one model call brought back. */
export interface Reply<Message = unknown> {
  /** What the model said, without its thoughts, and the tools it called as JSON; "" when the call failed. */
  text: string;
  /** Canonical answer; `null` if none could be read. `null` never votes. */
  answer: string | null;
  usage: Usage;
  message?: Message | undefined;
  /** Why no answer could be read, if the extractor said so. */
  unparsed?: string | undefined;
  /** Set if the output limit cut the response off; such a response is not quoted. */
  truncated?: boolean | undefined;
  /** Set if an earlier run paid for it, or saw the call fail, and it was read from the journal. */
  replayed?: true | undefined;
  /**
   * Set if the call, or reading its answer, failed. It never votes. A call without a
   * response gives its sample back to the pool; its `message` and `usage` are missing.
   */
  error?: Error | undefined;
  /** Set if a failed call surely cost nothing: the provider refused it, or it was never sent. */
  isUnbilled?: boolean | undefined;
  /** Attempts before the one that brought it that the provider may have charged, if there were any. */
  chargedRepeats?: number | undefined;
  /** Most tokens that it can have cost, where a budget in tokens or dollars had to know. */
  worstCase?: Usage | undefined;
}

/** One response to one question. */
export interface Sample<Message = unknown> extends Reply<Message> {
  /** Place among the samples of its arm, in the order asked, from 0. */
  index: number;
  /** Round of the unit that paid for it: see `RoundRecord`. */
  round: number;
  stage: Stage;
  purpose: Purpose;
  /** Indices of the samples that its chain quotes, in chain order; empty if parallel. */
  parents: readonly number[];
}

/** One question of the batch, seen as a bandit arm. One sample is one pull. */
export interface Arm<Message = unknown> {
  /** Place of the question in the batch, from 0. */
  index: number;
  question: string;
  /** All responses so far, in the order asked. Their number is the arm's budget B_i. */
  samples: readonly Sample<Message>[];
  /** Index of the first sample of the unit being sampled (Algorithm 2 works on one unit). */
  unitStart: number;
  /**
   * Samples granted in units that are under way and not back yet; 0 whenever rounds
   * allocate. They cost already, and what they will say is unknown.
   */
  inFlight: number;
  /** Disagreement of the answers so far, in [0, 1]; 1 before the first. */
  uncertainty: number;
}

/** One sample to ask for. */
export interface SampleRequest<Prompt = unknown> {
  stage: Stage;
  /** Default "answer". */
  purpose?: Purpose | undefined;
  /** Indices of the samples to quote, in chain order; empty for an independent sample. */
  parents: readonly number[];
  /** Renders the quoted samples to the turns that follow the user's messages. */
  prompt?: Prompt | undefined;
}

/**
 * Plans what to ask next; never calls a model, so it can neither overspend nor
 * depend on timing.
 */
export interface Sampler<Prompt = unknown> {
  name: string;
  /** Set if every request must bring exactly one response; a model that returns several is then refused. */
  singleResponses?: true | undefined;
  /** Set if no request quotes a sample of an earlier unit; their texts may then be dropped. */
  quotesOwnUnit?: true | undefined;
  /**
   * Requests that may be sent at the same time: at least 1 and at most `pulls`.
   * Called again with the pulls that remain, until the unit is used up.
   *
   * @param pulls pulls left in the arm's unit, at least 1
   */
  plan(arm: Arm, pulls: number, random: Random): readonly SampleRequest<Prompt>[];
}

/** What an allocator may know besides the arms. */
export interface AllocationContext {
  /** Samples asked for so far over all arms, failed ones and those in flight included: B_used, the sum of all B_i. */
  usedSamples: number;
  /** Size of one unit, B_unit, in samples. */
  unitSamples: number;
  /** Pulls left in the pool, at least 1. */
  pulls: number;
  /** Arms that can still be pulled, at least 1. */
  arms: number;
  /** Calls that may be in flight together; Infinity if nothing limits them. */
  slots: number;
  /** Responses that one call brings, at least 1. Default 1. */
  samplesPerCall?: number;
  /**
   * Mean of the output tokens that the responses so far reported; `null` if none did, and
   * where the budget limits samples alone: then all of them cost the same.
   * Where nothing waits for rounds, as it was when it was last looked at.
   */
  meanOutputTokens: number | null;
  random: Random;
}

/**
 * How the next arm is found without looking at all of them. Arms of one level keep
 * their order until one of them changes, whatever else the context says, but for
 * `meanOutputTokens`. `priority` compares the first ones of the levels; it must not
 * contradict `rank` within a level.
 */
export interface Ranking {
  /** Names the level of an arm; there should be few. */
  level(arm: Arm): number;
  /** Larger is served first; among equals the earlier input. */
  rank(arm: Arm, meanOutputTokens: number | null): number;
  /** Pulls of the arm's next unit, from 1 to the smaller of `unitSamples` and `pulls` of the context. Default: that one. */
  pulls?(arm: Arm, context: AllocationContext): number;
}

/** What an allocator goes by when it decides whether an arm gets more. */
export interface Judgement {
  /** Whether the arm would get more, but for having as many samples as the allocator gives one. */
  isFull: boolean;
  /** What a sample of the arm is worth; left out, with `price`, where the allocator has no price. */
  index?: number;
  /** What a sample must be worth. */
  price?: number;
}

/** Decides who gets the next units. Pure: the same arguments give the same answer. */
export interface Allocator {
  name: string;
  /**
   * Pulls for every arm in the next round, in the order of `arms`: whole numbers
   * from 0 to `unitSamples` whose sum is from 1 to `context.pulls`.
   *
   * @param arms the arms that can still be pulled, at least one; where nothing waits for
   *   rounds, some may have no samples yet, only such in flight
   */
  allocate(arms: readonly Arm[], context: AllocationContext): number[];
  /** The number that ranks the arms, if the allocator has one; larger is served first. */
  priority?(arm: Arm, context: AllocationContext): number;
  /**
   * Lets the continuous schedule find the next arm in O(levels + log m). Without it,
   * `allocate` is asked for every single unit, which looks at all arms.
   */
  ranking?: Ranking;
  /**
   * Share of the arms that may have units under way where nothing limits the calls in
   * flight, in (0, 1]: without such a limit the whole budget would be granted blind.
   * Default 1/4.
   */
  roundShare?: number;
  /**
   * Whether the arm needs no more samples than it has and has in flight; it is then not
   * offered again, unless one of those comes back. Default: never.
   */
  isSettled?(arm: Arm): boolean;
  /**
   * Why `isSettled` says what it says; asked with it, of arms with nothing in flight. An
   * arm that is full has the stop reason "samples". Default: nothing is told.
   */
  judge?(arm: Arm): Judgement;
}

/**
 * How much answers disagree, in [0, 1]: 0 if all agree, 1 if there is none.
 * A `null` agrees with nothing, not even with another `null`.
 */
export type UncertaintyMeasure = (answers: readonly (string | null)[]) => number;

/** Votes for one answer. */
export interface Vote {
  answer: string;
  count: number;
  /** What ranks the answers, where a voting rule weighs votes. */
  weight?: number;
}

/** Outcome of a vote. */
export interface Tally {
  /** Index of the sample whose response stands for the winner; `null` if nothing could vote. */
  winner: number | null;
  /** Every answer that got a vote, most votes (or the most weight) first. */
  votes: readonly Vote[];
}

/** Turns the samples of one arm, of which there may be none, into a winner. */
export interface VotingRule {
  (samples: readonly Sample[], random: Random): Tally;
  /**
   * Set if it looks at answers alone, and the first response that gave the winning one
   * stands for it; the texts of all others may then be dropped.
   */
  firstStands?: true;
}

/**
 * Why an arm got no more samples: the pool of samples was used up, or those that the
 * allocator gives one arm were, that of output tokens was, that of dollars was (or did not hold its next prompt), the allocator
 * needed no more of them, or the arm was closed because its calls failed or were aborted.
 */
export type StopReason = "samples" | "outputTokens" | "cost" | "settled" | "closed";

/** What one arm got in one unit. */
export interface RoundRecord {
  /**
   * 0 is the first unit of every arm. The others count rounds, or, where nothing waits
   * for rounds, the units of the whole batch in the order in which they were granted.
   */
  round: number;
  /** Samples asked for in this unit. */
  pulls: number;
  /**
   * The allocator's priority that won them; `null` in round 0, if it has none, or where
   * `continuous` replays the unit from a journal.
   */
  priority: number | null;
  /** Uncertainty after the unit. */
  uncertainty: number;
}

/** The full record of one question. */
export interface Solution<Message = unknown> {
  arm: Arm<Message>;
  tally: Tally;
  rounds: readonly RoundRecord[];
  stopReason: StopReason;
  /** What the allocator went by at its last decision on the arm, if it tells. */
  judgement?: Judgement | undefined;
  /** What a part of the method threw; it ended the sampling, or the vote, of this arm. */
  fault?: Error | undefined;
}
