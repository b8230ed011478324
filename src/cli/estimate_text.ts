import type { Prices } from "../core/budget.js";
import type { EvaluationEstimate } from "../evaluation/estimate.js";

/** What an evaluation will spend, for people: what it can come to, then about what it will. */
export function describeEstimate(estimate: EvaluationEstimate, prices: Prices | null): string {
  if (estimate.runs === 0) return "All runs are there already; nothing will be spent.";
  return [atMost(estimate, prices), ...kept(estimate), about(estimate, prices)].join("\n");
}

function atMost(
  { runs, calls, maxOutputTokens, fullInputTokens }: EvaluationEstimate,
  prices: Prices | null,
): string {
  return [
    `${runs} ${runs === 1 ? "run" : "runs"} to make`,
    ...(calls === null ? [] : [`${count(calls)} calls at most`]),
    maxOutputTokens === null
      ? "output tokens unlimited (--max-output-tokens N limits those of a call)"
      : `${count(maxOutputTokens)} output tokens at most${mostDollars(maxOutputTokens, fullInputTokens, prices)}`,
  ].join(", ");
}

function kept({ keptCalls }: EvaluationEstimate): string[] {
  if (keptCalls === 0) return [];
  return [
    `The journal holds ${count(keptCalls)} responses for them, which are not paid again and not counted here.`,
  ];
}

function about(
  { knownResponses, expectedCalls, expectedOutputTokens, expectedInputTokens }: EvaluationEstimate,
  prices: Prices | null,
): string {
  if (expectedCalls === null || expectedOutputTokens === null) {
    return "How much of that it will be is not known yet, since no response tells its tokens. A first small run does: a few of the questions and a low --budgets, with --runs in another file and with --journal FILE; with that journal here too, what it paid for is not paid again.";
  }
  const tokens = [
    `${count(expectedOutputTokens)} output tokens`,
    expectedInputTokens === null
      ? "input tokens not known (until a run of each method is there)"
      : `${count(expectedInputTokens)} input tokens`,
  ];
  const cost = aboutDollars(expectedOutputTokens, expectedInputTokens, prices);
  return `About ${count(expectedCalls)} calls, ${tokens.join(", ")}${cost}, by the ${count(knownResponses)} responses that are there.`;
}

function mostDollars(outputTokens: number, inputTokens: number | null, prices: Prices | null): string {
  if (prices === null) return "";
  const output = dollars((outputTokens * prices.outputUsdPerMillionTokens) / 1e6);
  if (inputTokens === null) return ` (${output} without the input)`;
  const input = dollars((inputTokens * prices.inputUsdPerMillionTokens) / 1e6);
  return ` (${output}, and about ${input} for the input if every response were that long)`;
}

function aboutDollars(outputTokens: number, inputTokens: number | null, prices: Prices | null): string {
  if (prices === null) return "";
  const { inputUsdPerMillionTokens: inputPrice, outputUsdPerMillionTokens: outputPrice } = prices;
  const amount = dollars((outputTokens * outputPrice + (inputTokens ?? 0) * inputPrice) / 1e6);
  return inputTokens === null ? ` (${amount} without the input)` : ` (${amount})`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function dollars(amount: number): string {
  return `$${amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
