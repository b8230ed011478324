import type { ArmState, Method, Terms } from "./arm_state.js";

/** Whether texts are dropped at all: only where sampler and voting rule say that they need no more. */
export function forgets<Message>({ sampler, voting }: Method, { forget }: Terms<Message>): boolean {
  return forget !== undefined && sampler.quotesOwnUnit === true && voting.firstStands === true;
}

/**
 * Drops the texts and messages of responses that can neither win nor be quoted any
 * more: of a unit that is over, those whose answer an earlier response gave already.
 * What is kept of such a sample is its answer, usage, and place in its chain.
 */
export function forgetLosers<Message>(
  { arm }: ArmState<Message>,
  places: Iterable<number>,
  method: Method,
  terms: Terms<Message>,
): void {
  if (!forgets(method, terms)) return;
  for (const place of places) {
    const sample = arm.samples[place];
    if (sample === undefined || sample.error !== undefined) continue;
    const first = arm.samples.find(
      ({ answer, error, purpose }) =>
        error === undefined && purpose === sample.purpose && answer === sample.answer,
    );
    if (first === undefined || first === sample) continue;
    if (sample.message !== undefined) terms.forget?.(arm, sample.message);
    sample.text = "";
    sample.message = undefined;
    // An answer may be a piece of its response, which would be kept for it.
    sample.answer = first.answer;
  }
}
