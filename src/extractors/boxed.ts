import { canonicalAnswer } from "./canonical.js";

/** The content of the last complete `\boxed{…}`, nested braces included; `null` if there is none. */
export function boxed(text: string): string | null {
  const content = lastBoxed(text);
  return content === null ? null : canonicalAnswer(content);
}

/** What the last complete box holds, as written. One pass, so that any number of unclosed boxes costs linear time. */
export function lastBoxed(text: string): string | null {
  const open: { contentStart: number; isBox: boolean }[] = [];
  let last: { start: number; end: number } | null = null;
  for (const token of text.matchAll(/\\boxed\s?\{|\\[{}\\]|[{}]/g)) {
    const end = token.index + token[0].length;
    if (token[0] === "{") open.push({ contentStart: end, isBox: false });
    else if (token[0].startsWith("\\boxed")) open.push({ contentStart: end, isBox: true });
    else if (token[0] === "}") {
      const closed = open.pop();
      if (closed?.isBox && closed.contentStart > (last?.start ?? -1))
        last = { start: closed.contentStart, end: token.index };
    }
  }
  return last === null ? null : text.slice(last.start, last.end);
}
