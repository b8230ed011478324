/** Half of a character, with which no provider accepts a request. */
const UNPAIRED = /\p{Surrogate}/gu;

/** The same text with a sign in the place of every half of a character. */
export function wellFormed(text: string): string {
  return text.replace(UNPAIRED, "\uFFFD");
}
