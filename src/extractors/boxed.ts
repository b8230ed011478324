import { canonicalAnswer } from "./canonical.js";

/**
 * The content of the last complete `\boxed{…}` or `\fbox{…}`, nested braces
 * included, or a number or capital letter boxed without braces; `null` if there is none.
 *
 * @param _message not needed: what is boxed is complete, also where the response was cut off
 */
export function boxed(text: string, _message?: unknown): string | null {
  const content = lastBoxed(text);
  return content === null ? null : canonicalAnswer(content);
}

/** Two backslashes: models escape twice when they think of JSON. */
const TOKEN = /\\{1,2}(?:boxed|fbox)(?![a-zA-Z])\s*(?:\{|([+-]?\d[\d.,/]*|[A-Z](?![a-zA-Z])))|\\[{}\\]|[{}]/g;

/** What the last complete box holds, as written. One pass, so that any number of unclosed boxes costs linear time. */
export function lastBoxed(text: string): string | null {
  const open: { contentStart: number; isBox: boolean }[] = [];
  let last: { start: number; end: number } | null = null;
  for (const token of text.matchAll(TOKEN)) {
    const end = token.index + token[0].length;
    const [whole, unbraced] = token;
    if (unbraced !== undefined) last = { start: end - unbraced.length, end };
    else if (whole === "{") open.push({ contentStart: end, isBox: false });
    else if (/box/.test(whole)) open.push({ contentStart: end, isBox: true });
    else if (whole === "}") {
      const closed = open.pop();
      if (closed?.isBox && closed.contentStart > (last?.start ?? -1))
        last = { start: closed.contentStart, end: token.index };
    }
  }
  return last === null ? null : text.slice(last.start, last.end);
}
