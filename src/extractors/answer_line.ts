const ANSWER = /\banswer(?: is| was)? ?[:=]+ ?(.*)$|\banswer(?: is| was) (.*)$/i;

/**
 * What follows the last "answer is", "answer:" or "answer =" of the text, up to
 * the end of its line, or the next line with text if nothing follows on its own;
 * `null` if there is no such phrase.
 */
export function lastAnswerLine(text: string): string | null {
  const lines = text.split("\n").map((line) => line.replace(/\s+/g, " ").replaceAll("**", "").trim());
  for (let place = lines.length - 1; place >= 0; place--) {
    const found = ANSWER.exec(lines[place] as string);
    if (found === null) continue;
    const rest = (found[1] ?? found[2] ?? "").trim();
    return rest !== "" ? rest : (lines.slice(place + 1).find((line) => line !== "") ?? null);
  }
  return null;
}
