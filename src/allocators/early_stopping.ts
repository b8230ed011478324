import { requireInteger, requireKnownKeys } from "../core/errors.js";
import type { Allocator } from "../core/types.js";
import { DEFAULT_WINDOW_SAMPLES, unanimousWindow } from "../core/windows.js";
import { uniform } from "./uniform.js";

/** Options of `earlyStopping()`. */
export interface EarlyStoppingOptions {
  /** Samples per window, at least 2; `unitSamples` should be the same. Default 5. */
  windowSamples?: number;
  /** Most samples of one arm. Default 40. */
  maxSamples?: number;
}

/**
 * Early-stopping self-consistency (ESC, arXiv 2401.10480): every arm gets window
 * after window until the answers of one window all agree, or it has `maxSamples`.
 * An unreadable answer agrees with nothing.
 *
 * @throws {OptionError} if an option is unknown or out of range
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Allocator {
  requireKnownKeys("earlyStopping", options, ["windowSamples", "maxSamples"]);
  const { windowSamples = DEFAULT_WINDOW_SAMPLES, maxSamples = 40 } = options;
  requireInteger("earlyStopping.windowSamples", windowSamples, 2);
  requireInteger("earlyStopping.maxSamples", maxSamples, 1);
  return {
    ...uniform(),
    name: "earlyStopping",
    // Window after window: what is in flight may settle it.
    isSettled: ({ samples, inFlight }) =>
      inFlight > 0 || samples.length >= maxSamples || unanimousWindow(samples, windowSamples) !== null,
    judge: ({ samples }) => ({
      isFull: samples.length >= maxSamples && unanimousWindow(samples, windowSamples) === null,
    }),
  };
}
