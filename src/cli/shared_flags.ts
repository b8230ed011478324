import type { Prices } from "../core/budget.js";
import { DEFAULT_RETRIES } from "../langchain/patience.js";
import type { Retries } from "../langchain/patience.js";
import { ifGiven, number, wholeNumber } from "./flags.js";
import { UsageError } from "./usage_error.js";

type SharedOption = "input-price" | "output-price" | "max-retries" | "call-timeout-ms";

/** Options that every command which calls a model has. */
export const SHARED_OPTIONS: Record<SharedOption, { type: "string" }> = {
  "input-price": { type: "string" },
  "output-price": { type: "string" },
  "max-retries": { type: "string" },
  "call-timeout-ms": { type: "string" },
};

type SharedValues = Partial<Record<SharedOption, string>>;

/** How calls of the model are repeated and limited, as `DynScaling` takes it. */
export interface CallSettings {
  retries?: Retries;
  callTimeoutMs?: number;
}

/** Their help text, but for the prices. */
export const CALLS_HELP: string = `\
  --max-retries N            most times that a call which failed in passing is
                             repeated (default: ${DEFAULT_RETRIES.maxRetries})
  --call-timeout-ms N        most milliseconds of one call (default: no limit)`;

/** @throws {UsageError} if one of them is out of range */
export function parseCalls(values: SharedValues): CallSettings {
  const maxRetries = ifGiven(wholeNumber, "max-retries", values["max-retries"], 0);
  const callTimeoutMs = ifGiven(wholeNumber, "call-timeout-ms", values["call-timeout-ms"], 1);
  return {
    ...(maxRetries !== undefined && { retries: { maxRetries } }),
    ...(callTimeoutMs !== undefined && { callTimeoutMs }),
  };
}

/** @throws {UsageError} if one price is given without the other, or is out of range */
export function parsePrices(values: SharedValues): Prices | null {
  const { "input-price": input, "output-price": output } = values;
  if (input === undefined && output === undefined) return null;
  if (input === undefined || output === undefined)
    throw new UsageError(
      "Give both prices: --input-price and --output-price, in dollars per million tokens.",
    );
  return {
    inputUsdPerMillionTokens: number("input-price", input, 0),
    outputUsdPerMillionTokens: number("output-price", output, 0),
  };
}
