export { DynScaling } from "./dynscaling.js";
export type { DynScalingFields } from "./fields.js";
export type { MethodFields } from "./method.js";
export type { Amounts, BudgetReport } from "./core/account.js";
export type { Budget, Prices } from "./core/budget.js";
export { OptionError, UnreadableAnswer } from "./core/errors.js";
export type { Schedule } from "./core/solve.js";
export type {
  AllocationContext,
  Allocator,
  Arm,
  Judgement,
  Random,
  Ranking,
  Reply,
  RoundRecord,
  Sample,
  SampleRequest,
  Sampler,
  Stage,
  StopReason,
  Tally,
  UncertaintyMeasure,
  Usage,
  Vote,
  VotingRule,
} from "./core/types.js";
export type { AnswerExtractor } from "./langchain/generate.js";
export type { JournalStore } from "./langchain/journal.js";
export type { OnAbort } from "./langchain/batch.js";
export type { Estimate } from "./langchain/estimate.js";
export type { FailureKind } from "./langchain/failures.js";
export type { GivenText, Grouping, GroupingRecord, Groups } from "./langchain/grouping.js";
export type { ChatLike } from "./langchain/model.js";
export type { Retries } from "./langchain/patience.js";
export type { DynScalingMetadata, FailureCount, InputRecord, ScaledMessage } from "./langchain/record.js";
export type { Candidate, Review, ReviewFields } from "./langchain/review.js";
export { ROUND_EVENT } from "./langchain/round_runs.js";
export type { RoundEvent, RoundState, Spend } from "./langchain/round_runs.js";
export { SharedScaling, SharedStructuredScaling } from "./shared.js";
export type { SharedSpend } from "./shared.js";
export type { SharedFields } from "./shared_budget.js";
