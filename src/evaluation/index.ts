export type { CheckpointOptions } from "./checkpoints.js";
export { parseDataset } from "./dataset.js";
export type { Question } from "./dataset.js";
export { parseAime } from "./datasets/aime.js";
export { parseGpqa } from "./datasets/gpqa.js";
export type { GpqaOptions } from "./datasets/gpqa.js";
export { inPasses, withReplacement, withoutReplacement } from "./draws.js";
export type { Draw } from "./draws.js";
export { estimateEvaluation } from "./estimate.js";
export type { EvaluationEstimate } from "./estimate.js";
export { evaluate, plannedRuns } from "./evaluate.js";
export type { EvaluateOptions, PlannedRun } from "./evaluate.js";
export { IncompleteRunError } from "./incomplete.js";
export { keptSamples } from "./kept_samples.js";
export type { KeptSample } from "./kept_samples.js";
export { formatPool, parsePool, poolOf } from "./pool.js";
export type { PoolQuestion, PoolSample } from "./pool.js";
export { replay } from "./replay.js";
export type { ReplayOptions } from "./replay.js";
export type { CheckpointUnit, QuestionRun, Run, RunSample, Standing } from "./run.js";
export { binomialUpper, proportion } from "./statistics.js";
export type { Proportion } from "./statistics.js";
export { formatRun, parseRuns } from "./runs_file.js";
export { effectiveAllocation, flips } from "./behaviour.js";
export type { EffectiveAllocation, Flips, Share } from "./behaviour.js";
export { bootstrapMean, bootstrapRatio } from "./bootstrap.js";
export type { Interval } from "./bootstrap.js";
export { compareAtEqualSpend, savingRatio, spendToReach } from "./comparison.js";
export type { Difference } from "./comparison.js";
export { curveOf, smoothed } from "./curves.js";
export type { Curve, CurvePoint, Spend } from "./curves.js";
export { infiniteVote, passAtK } from "./pool_statistics.js";
export { sameAnswer, scoreRuns } from "./scores.js";
export type { CheckpointScores, Grader, MethodScores, QuestionScore, ScoreOptions } from "./scores.js";
export type { Column, Figure, Table } from "./figures/figure.js";
export { figuresOf } from "./figures/figures_of.js";
export type { FiguresOptions, MethodGroup } from "./figures/figures_of.js";
export { figureSvg } from "./figures/vega.js";
export { poolOfJournal } from "./journal_pool.js";
export type { JournalPoolOptions, ListedJournal } from "./journal_pool.js";
export { majorityAtK } from "./majority_at_k.js";
export { reportHtml } from "./report.js";
export type { Report } from "./report.js";
export { savingsOf } from "./savings.js";
export type { Saving } from "./savings.js";
export { calibrationOf, judgedAnswers, riskCoverage } from "./trust.js";
export type {
  Calibration,
  CalibrationBin,
  JudgedAnswer,
  JudgedOptions,
  RiskCoverage,
  RiskPoint,
} from "./trust.js";
export { fitThreshold } from "./threshold.js";
export type { FittedThreshold, ThresholdOptions } from "./threshold.js";
export { trustFigures } from "./figures/trust_figures.js";
export type { TrustFiguresOptions } from "./figures/trust_figures.js";
export { unitPlanOf } from "./units.js";
export type { RecordedUnit, UnitSample, UnitsByPlan } from "./units.js";
