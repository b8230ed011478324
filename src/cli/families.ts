import type { Allocator, Sampler, UncertaintyMeasure } from "../core/types.js";
import type { Draw } from "../evaluation/index.js";
import { inPasses, withReplacement, withoutReplacement } from "../evaluation/draws.js";
import { boxed, choice, finalAnswer, lastNumber } from "../extractors/index.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import { DEFAULT_METHOD } from "../method.js";
import type { MethodFields } from "../method.js";
import type { ChainPrompt, TurnsPrompt } from "../prompts/index.js";
import { independent } from "../samplers/independent.js";
import { integrated } from "../samplers/integrated.js";
import type { IntegratedOptions } from "../samplers/integrated.js";

// The only place where parts have names that a user types.
// Read at run time: a static namespace import would make the bundler export it from the family's index.
const allocators = await import("../allocators/index.js");
const baselines = await import("../baselines/index.js");
const prompts = await import("../prompts/index.js");
const uncertainty = await import("../uncertainty/index.js");

export const ALLOCATORS: Record<string, () => Allocator> = factories(allocators, ["ranked"]);

/** The paper's method and every baseline. */
export const METHODS: Record<string, () => MethodFields> = {
  // With its sampler: a replay would take another one where none is given.
  dynscaling: () => ({ ...DEFAULT_METHOD }),
  ...factories<MethodFields>(baselines, []),
};

export const EXTRACTORS: Record<string, AnswerExtractor> = { finalAnswer, boxed, choice, lastNumber };

export const SAMPLERS: Record<string, (chain: IntegratedOptions) => Sampler<TurnsPrompt>> = {
  integrated,
  independent: () => independent(),
};

export const PROMPTS: Record<string, ChainPrompt> = Object.fromEntries(
  Object.values(prompts).flatMap((prompt) => ("thought" in prompt ? [[prompt.name, prompt]] : [])),
);

export const UNCERTAINTY: Record<string, UncertaintyMeasure> = { ...uncertainty };

export const DRAWS: Record<string, Draw> = { withReplacement, withoutReplacement, inPasses };

/** The factories of a family's index, so that a new member needs no line here. */
function factories<Made>(family: object, helpers: readonly string[]): Record<string, () => Made> {
  return Object.fromEntries(
    Object.entries(family).filter(
      ([name, member]) => typeof member === "function" && !helpers.includes(name),
    ),
  ) as Record<string, () => Made>;
}
