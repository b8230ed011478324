import type { Sampler } from "../core/types.js";

/** Every sample is asked on its own, all of a unit at the same time: plain repeated sampling. */
export function independent(): Sampler<never> {
  return {
    name: "independent",
    plan: (_arm, pulls) => Array.from({ length: pulls }, () => ({ stage: "parallel" as const, parents: [] })),
  };
}
