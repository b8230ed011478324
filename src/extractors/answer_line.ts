const PHRASE = /\banswer(?:(?: is| was)? ?[:=]+|(?: is| was)(?= |$))/gi;

/**
 * What follows the last "answer is", "answer:" or "answer =" of the text, up to
 * the end of its line, or the next line with text if nothing follows on its own;
 * "" if nothing follows at all; `null` if there is no such phrase.
 */
export function lastAnswerLine(text: string): string | null {
  const lines = text.split("\n").map((line) => line.replace(/\s+/g, " ").replaceAll("**", "").trim());
  for (let place = lines.length - 1; place >= 0; place--) {
    const line = lines[place] as string;
    const phrase = [...line.matchAll(PHRASE)].at(-1);
    if (phrase === undefined) continue;
    const rest = line.slice(phrase.index + phrase[0].length).trim();
    return rest !== "" ? rest : (lines.slice(place + 1).find((later) => later !== "") ?? "");
  }
  return null;
}
