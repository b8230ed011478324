import type { Sampler } from "../core/types.js";
import { parallelRequests } from "./requests.js";

/** Every sample is asked on its own, all of a unit at the same time: plain repeated sampling. */
export function independent(): Sampler<never> {
  return {
    name: "independent",
    quotesOwnUnit: true,
    plan: (_arm, pulls) => parallelRequests(pulls),
  };
}
