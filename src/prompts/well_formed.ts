/** Half of a character, with which no provider accepts a request. */
const UNPAIRED = /\p{Surrogate}/gu;

/** The same text with a sign in the place of every half of a character. */
export function wellFormed(text: string): string {
  // Node and browsers know it at a glance; TypeScript's library does not have it yet.
  const { isWellFormed } = text as { isWellFormed?: () => boolean };
  return isWellFormed?.call(text) === true ? text : text.replace(UNPAIRED, "\uFFFD");
}
