import type { Reply } from "./types.js";

/** As many as the independent half of the paper's unit: one passing fault does not cost a question. */
export const FAILURES_TO_GIVE_UP = 4;

/** A question that was answered before is given up later: as many as the paper's unit. */
const FAILURES_AFTER_SUCCESS = 8;

/**
 * Whether so many calls of one question have failed one after another that no more
 * are sent. Only failures without a response count once there was a response: a
 * response that cannot be used is paid for, so the budget ends it.
 */
export function isHopeless(replies: readonly Pick<Reply, "error" | "message">[]): boolean {
  if (replies.length >= FAILURES_TO_GIVE_UP && replies.every(({ error }) => error !== undefined)) return true;
  const last = replies.slice(-FAILURES_AFTER_SUCCESS);
  return (
    last.length === FAILURES_AFTER_SUCCESS &&
    last.every(({ error, message }) => error !== undefined && message === undefined)
  );
}
