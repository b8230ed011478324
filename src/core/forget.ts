import type { ArmState, Method, Terms } from "./arm_state.js";

/**
 * Drops the texts and messages of responses that can neither win nor be quoted any
 * more: of a unit that is over, those whose answer an earlier response gave already.
 * What is kept of such a sample is its answer, usage, and place in its chain.
 * Only where sampler and voting rule say that they need no more, and `Terms` ask for it.
 */
export function forgetLosers<Message>(
  { arm }: ArmState<Message>,
  places: Iterable<number>,
  { sampler, voting }: Method,
  { forget }: Terms<Message>,
): void {
  if (forget === undefined || sampler.quotesOwnUnit !== true || voting.firstStands !== true) return;
  for (const place of places) {
    const sample = arm.samples[place];
    if (sample === undefined || sample.error !== undefined) continue;
    const first = arm.samples.find(
      ({ answer, error, purpose }) =>
        error === undefined && purpose === sample.purpose && answer === sample.answer,
    );
    if (first === undefined || first === sample) continue;
    if (sample.message !== undefined) forget(arm, sample.message);
    sample.text = "";
    sample.message = undefined;
    // An answer may be a piece of its response, which would be kept for it.
    sample.answer = first.answer;
  }
}
