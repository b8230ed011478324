import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { Amounts, BudgetReport } from "../core/account.js";
import { OptionError } from "../core/errors.js";
import type { DynScaling } from "../dynscaling.js";
import type { SharedScaling } from "../shared.js";
import type { SharedFields } from "../shared_budget.js";

/** What a scaled call took, beside the record in the metadata of its message. */
const SPEND = "dynscaling_run_spend";

interface Noted {
  /** Name of the middleware: several have budgets of their own. */
  middleware: string;
  budget: Pick<BudgetReport, "spent" | "reserved">;
}

/** Writes down in a message what the scaled call took that ended with it. */
export function note(message: AIMessage, middleware: string, { spent, reserved }: BudgetReport): void {
  const noted: Noted = { middleware, budget: { spent, reserved } };
  message.response_metadata = { ...message.response_metadata, [SPEND]: noted };
}

/** What a human message comes after that a middleware adds in the middle of a run: a tool's result, or another one. */
const GOES_ON: ReadonlySet<string> = new Set(["human", "tool"]);

/** The human message that the run begins with, and what its calls noted since. */
export function runOf(
  messages: readonly BaseMessage[],
  middleware: string,
): { start: BaseMessage | undefined; spent: Noted["budget"][] } {
  const at = messages.findLastIndex(
    (message, place) =>
      message.getType() === "human" && !GOES_ON.has(messages[place - 1]?.getType() ?? "none"),
  );
  const spent = messages.slice(at + 1).flatMap(({ response_metadata }) => {
    const noted = (response_metadata as { [SPEND]?: Noted } | undefined)?.[SPEND];
    return noted?.middleware === middleware ? noted.budget : [];
  });
  return { start: messages[at], spent };
}

/** A shared budget of what the run has left; `null` if that pays for no call. */
export function leftOfRun(
  scaled: DynScaling,
  perRun: SharedFields,
  spent: readonly Noted["budget"][],
): SharedScaling | null {
  const { totalSamples, totalOutputTokens, totalCostUsd } = perRun;
  const rest = (total: number, of: keyof Amounts): number =>
    spent.reduce((left, each) => left - (each.spent[of] ?? 0) - (each.reserved[of] ?? 0), total);
  const left: SharedFields = {
    ...perRun,
    ...(totalSamples !== undefined && { totalSamples: rest(totalSamples, "samples") }),
    // A worst case that several responses share is a fraction.
    ...(totalOutputTokens !== undefined && {
      totalOutputTokens: Math.floor(rest(totalOutputTokens, "outputTokens")),
    }),
    ...(totalCostUsd !== undefined && { totalCostUsd: rest(totalCostUsd, "costUsd") }),
  };
  try {
    return scaled.shared(left);
  } catch (error) {
    // The whole was checked before, so it is used up.
    if (error instanceof OptionError) return null;
    throw error;
  }
}
