import { isRefundable } from "../core/account.js";
import type { InputRecord } from "../langchain/record.js";

/** A run that ended before its budget: it is neither kept nor scored. `cause` is what ended it. */
export class IncompleteRunError extends Error {
  override readonly name = "IncompleteRunError";
}

/**
 * A question that was given up for its failed calls would be scored as wrong, and a run
 * that failures ended as one of its whole budget.
 *
 * @param ids of the questions, in the order of the records
 * @throws {IncompleteRunError} unless the run went on to its budget, or to where its method wanted no more
 */
export function requireComplete(
  { method, seed }: { method: string; seed: number },
  ids: readonly string[],
  records: readonly InputRecord[],
): void {
  const broken = records.flatMap((record, place) => (isBroken(record) ? [{ record, id: ids[place] }] : []));
  // Without one, calls failed more often than the budget gives samples back.
  const [first] = broken;
  const paid = records.flatMap(({ responses }) => responses).filter((reply) => !isRefundable(reply)).length;
  if (first === undefined && (records[0]?.budget.spent.samples ?? 0) <= paid) return;
  const errors = (first === undefined ? records : broken.map(({ record }) => record)).flatMap(
    ({ error, responses }) => [error, ...responses.map((reply) => reply.error)].flatMap((each) => each ?? []),
  );
  const [cause = new Error("It was stopped.")] = errors;
  const where =
    first === undefined
      ? "failed calls used up its budget"
      : `${broken.length} of ${records.length} questions were given up, the first of them ${first.id}`;
  const message = `The run of ${method} with seed ${seed} broke off: ${where}: ${firstLine(cause)}`;
  throw new IncompleteRunError(message, { cause });
}

/** A budget that does not hold one call for a question is a result, too. */
function isBroken({ error, stopReason, samples }: InputRecord): boolean {
  return stopReason === "closed" || (error !== null && samples > 0);
}

function firstLine({ message }: Error): string {
  return message.trim().split("\n")[0] ?? "";
}
