import type { Allocator } from "../core/types.js";
import type { Run } from "../evaluation/run.js";
import { resolveMethod } from "../method.js";
import type { MethodFields } from "../method.js";
import { imaginedArm } from "./imagined_arm.js";
import { parseMethods } from "./methods.js";

/** By so many samples every stopping rule here has stopped at a unanimous question. */
const LONGEST = 64;

/**
 * What is to be said of a pool before it is recorded: `null` if nothing. A rule that stops
 * when the answers agree keeps runs of luck and breaks off nothing else, so its samples
 * show questions as more settled than they are.
 *
 * @param methods those of this evaluation
 * @param runs those that the file holds already
 */
export function poolWarning(
  methods: Readonly<Record<string, MethodFields>>,
  runs: readonly Pick<Run, "method">[],
): string | null {
  const names = new Set([...Object.keys(methods), ...runs.map(({ method }) => method)]);
  const stopping = [...names].filter((name) => {
    const fields = methods[name] ?? known(name);
    return fields !== undefined && stopsByAnswers(resolveMethod(fields, 0).allocator);
  });
  if (stopping.length === 0) return null;
  return `--pool: ${stopping.join(", ")} ${stopping.length === 1 ? "stops" : "stop"} at questions whose answers agree; such samples are a biased selection, and a pool with them shows questions as more settled than they are. Record the pool with selfConsistency, and a file of runs of its own.`;
}

/** A run of another evaluation; `undefined` if its name tells nothing. */
function known(name: string): MethodFields | undefined {
  try {
    return parseMethods(name)[name];
  } catch {
    return undefined;
  }
}

/** Whether agreement settles a question, and not its number of samples alone. */
function stopsByAnswers(allocator: Allocator): boolean {
  const isSettledBy = (answers: readonly string[]): boolean =>
    allocator.isSettled?.(imaginedArm(0, answers)) ?? false;
  const different = Array.from({ length: LONGEST }, (_, place) => String(place));
  return different.some((_, place) => {
    const some = different.slice(0, place + 1);
    return isSettledBy(some.map(() => "a")) !== isSettledBy(some);
  });
}
