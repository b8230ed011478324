import { uniform } from "../allocators/uniform.js";
import type { MethodFields } from "../method.js";
import { independent } from "../samplers/independent.js";
import { majority } from "../voting/majority.js";

/**
 * Best-of-n by majority: independent samples, an even split of the budget, one
 * vote each (self-consistency, arXiv 2203.11171; "BoN" in section 4.1).
 */
export function selfConsistency(): Required<Pick<MethodFields, "sampler" | "allocator" | "voting">> {
  return { sampler: independent(), allocator: uniform(), voting: majority };
}
