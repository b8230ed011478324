import type { Prices } from "../core/budget.js";
import type { EvaluationEstimate } from "../evaluation/estimate.js";

/** What an evaluation will spend, in one line for people. */
export function describeEstimate(
  { runs, calls, maxOutputTokens, expectedOutputTokens }: EvaluationEstimate,
  prices: Prices | null,
): string {
  if (runs === 0) return "All runs are there already; nothing will be spent.";
  const count = (value: number): string => value.toLocaleString("en");
  return [
    `${runs} ${runs === 1 ? "run" : "runs"} to make`,
    ...(calls === null ? [] : [`${count(calls)} calls at most`]),
    maxOutputTokens === null
      ? "output tokens unlimited (--max-output-tokens N limits those of a call)"
      : `${count(maxOutputTokens)} output tokens at most${cost(maxOutputTokens, prices)}`,
    ...(expectedOutputTokens === null
      ? []
      : [
          `about ${count(expectedOutputTokens)} as earlier runs suggest${cost(expectedOutputTokens, prices)}`,
        ]),
  ].join(", ");
}

function cost(outputTokens: number, prices: Prices | null): string {
  if (prices === null) return "";
  const amount = (outputTokens * prices.outputUsdPerMillionTokens) / 1e6;
  return ` (${dollars(amount)} without the input)`;
}

function dollars(amount: number): string {
  return `$${amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
