import type { Reply } from "./types.js";

/** As many as the independent half of the paper's unit: one passing fault does not cost a question. */
const FAILURES_TO_GIVE_UP = 4;

/** Whether the replies to one question are nothing but failures, and enough of them to send no more. */
export function isHopeless(replies: readonly Pick<Reply, "error">[]): boolean {
  return replies.length >= FAILURES_TO_GIVE_UP && replies.every(({ error }) => error !== undefined);
}
