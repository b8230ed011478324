const OTHER_VERB = "(?: (?:ist|lautet|est|es|è|é))";

/** "answer is", "answer:", "correct option is"; the words of other languages need a colon or their verb. */
const PHRASE = new RegExp(
  [
    String.raw`\b(?:answer|correct (?:option|choice))(?:(?: is| was)? ?[:=：]+|(?: is| was)(?= |$))`,
    String.raw`(?<!\p{L})(?:antwort|réponse|respuesta|risposta|resposta|ответ)(?: (?:finale?|correcta|correcte|corretta|correta))?(?:${OTHER_VERB}? ?[:=：]+|${OTHER_VERB}(?= |$))`,
    String.raw`(?:答案|答え|정답) ?(?:[:=：]+|是|为|為|は|은)`,
  ].join("|"),
  "giu",
);

/** A heading, with its answer on the next line. */
const HEADING = /^(?:#{1,6} )?(?:the )?(?:final |correct )?answer$/i;

const FORMULA = String.raw`\$[^$]+\$|\\\(.+?\\\)|\x60[^\x60]+\x60`;
const NUMBER = String.raw`[+\-−–]?\$?\d[\d.,/]*%?`;

/** A formula that a sentence follows, "$5$. I hope it is correct", or a number; but not "1. Paris"; or one with its reason. */
const STATED = new RegExp(
  [
    String.raw`^(?:(${FORMULA})\. (?=\p{Lu})`,
    String.raw`(${NUMBER})\. (?=(?:I|It|This|That|The|So|Thus|Therefore|Hence|Since|Because|We|Let|To)\b)`,
    String.raw`(${FORMULA}|${NUMBER}|[Yy]es|[Nn]o|[Tt]rue|[Ff]alse)(?<![.,/])(?=,? (?:because|since)\b))`,
  ].join("|"),
  "u",
);

/** The model's joy behind its answer. */
const CHEER = /(?<=[\p{L}\p{N}\p{P}$]) ?(?:(?:✅|✔|☑|🎉|🎊|🎯|✨|😊|🙂|👍|:-?\))\ufe0f?)+$/u;

const TAG = /<(\/?)answer>/gi;

/** Blocks of several lines. */
const BLOCKS = [
  ["\\[", "\\]"],
  ["$$", "$$"],
  ["```", "```"],
] as const;

/**
 * What follows the last "answer is", "answer:" or "answer =" of the text (or a
 * heading of the kind), up to the end of its line or of the formula that starts there, or
 * the next line with text if nothing follows on its own, or what stands in the last
 * `<answer>…</answer>`; "" if nothing follows at all; `null` if there is no such phrase.
 * A sentence or a reason behind a number or a formula is left off.
 */
export function lastAnswerLine(text: string): string | null {
  const tagged = lastTagged(text);
  if (tagged === null) return lastPhrase(text);
  return lastPhrase(text.slice(tagged.end)) ?? lastPhrase(tagged.content) ?? tagged.content;
}

function lastTagged(text: string): { content: string; end: number } | null {
  let start = -1;
  let last: { content: string; end: number } | null = null;
  for (const tag of text.matchAll(TAG)) {
    const end = tag.index + tag[0].length;
    if (tag[1] === "") start = end;
    else if (start >= 0) {
      last = { content: text.slice(start, tag.index).trim(), end };
      start = -1;
    }
  }
  return last;
}

function lastPhrase(text: string): string | null {
  const lines = text.split("\n").map((line) => line.replace(/\s+/g, " ").replaceAll("**", "").trim());
  for (let place = lines.length - 1; place >= 0; place--) {
    const line = lines[place] as string;
    const rest = afterPhrase(line);
    if (rest === null) continue;
    const stated = block(rest === "" ? nextLines(lines, place) : [rest, ...lines.slice(place + 1)]);
    const [, formula, number, reasoned] = STATED.exec(stated) ?? [];
    return formula ?? number ?? reasoned ?? stated.replace(CHEER, "");
  }
  return null;
}

/** From the next line with text on; a rule across the page is none. */
function nextLines(lines: readonly string[], place: number): readonly string[] {
  const next = lines.findIndex((line, at) => at > place && line !== "" && !/^[-*_]{3,}$/.test(line));
  return next < 0 ? [] : lines.slice(next);
}

/** The first line, or all of the displayed formula or code that it opens; "" if that is cut off. */
function block(lines: readonly string[]): string {
  const [first = "", ...others] = lines;
  const [fence, close] = BLOCKS.find(([open]) => first.startsWith(open)) ?? [];
  if (fence === undefined || close === undefined || first.includes(close, fence.length)) return first;
  const end = others.findIndex((line) => line.includes(close));
  if (end < 0) return "";
  const opening = fence === "```" ? "" : first.slice(fence.length);
  const closing = (others[end] as string).split(close, 1);
  return [opening, ...others.slice(0, end), ...closing].join(" ").trim();
}

function afterPhrase(line: string): string | null {
  if (line === "") return null;
  if (HEADING.test(line)) return "";
  const phrase = [...line.matchAll(PHRASE)].at(-1);
  return phrase === undefined ? null : line.slice(phrase.index + phrase[0].length).trim();
}
