import { calibrationOf, fitThreshold, riskCoverage } from "langchain-dynscaling/evaluation";
import type { JudgedAnswer } from "langchain-dynscaling/evaluation";

/** Most wrong answers among those that stand, for which a threshold is fitted. */
const ERROR_RATE = 0.1;

/** Prints how far the agreement of methods can be trusted, each over runs on the same items. */
export function printTrust(
  methods: readonly { name: string; runs: readonly (readonly JudgedAnswer[])[] }[],
): void {
  console.log(
    `\n| method | expected calibration error | agreement minus accuracy | area of risk over coverage | threshold for ${100 * ERROR_RATE}% wrong | stands there % | bound of its error % |`,
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const { name, runs } of methods) console.log(`| ${[name, ...trustCells(runs)].join(" | ")} |`);
}

function trustCells(runs: readonly (readonly JudgedAnswer[])[]): string[] {
  const { expectedError, overconfidence } = calibrationOf(runs.flat());
  // Runs over the same items are no new examples: the promise needs one answer each.
  const { agreementBelow, coverage, errorBound } = fitThreshold(runs[0] ?? [], { errorRate: ERROR_RATE });
  return [
    expectedError.toFixed(3),
    overconfidence.toFixed(3),
    riskCoverage(runs.flat()).area.toFixed(3),
    agreementBelow === null ? "none shown" : String(agreementBelow),
    (100 * coverage).toFixed(1),
    (100 * errorBound).toFixed(1),
  ];
}
