import type { Allocator } from "../core/types.js";
import { ranked } from "./ranked.js";
import type { RankedOptions } from "./ranked.js";

/** Units go to randomly chosen arms: the baseline that any signal has to beat. */
export function random(options: Pick<RankedOptions, "roundShare"> = {}): Allocator {
  return withoutPriority(
    ranked({
      name: "random",
      roundShare: options.roundShare,
      priority: (_arm, context) => context.random(),
    }),
  );
}

/** A drawn number explains nothing, and reading it again would draw another. */
function withoutPriority({ priority: _drawn, ...ranks }: Allocator): Allocator {
  return ranks;
}
