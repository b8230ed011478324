/** Wrappers that carry no meaning; a pair is taken off only as a pair. */
const WRAPPERS: readonly (readonly [open: string, close: string])[] = [
  ["**", "**"],
  ["$$", "$$"],
  ["$", "$"],
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["`", "`"],
  ["\\text{", "}"],
  ["\\mathrm{", "}"],
];

/**
 * The key under which an answer votes: white space folded, markdown and maths
 * wrappers and the final full stop removed, plain decimal numbers in one form
 * (`1,024`, `+1024`, `1024.0` and `01024` are all `1024`; `−5` is `-5`). Letters keep their
 * case. Never merges what it does not understand; `null` if nothing is left.
 */
export function canonicalAnswer(raw: string): string | null {
  let text = raw.replace(/\s+/g, " ").trim();
  for (let before = ""; before !== text;) {
    before = text;
    text = unwrap(text.endsWith(".") ? text.slice(0, -1).trim() : text);
  }
  return text === "" ? null : canonicalNumber(text);
}

function unwrap(text: string): string {
  for (const [open, close] of WRAPPERS) {
    if (text.length < open.length + close.length || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(open.length, text.length - close.length);
    // "$3$ or $4$" and "\text{a}b{c}" only look wrapped.
    if (!inner.includes(open) && !inner.includes(close)) return inner.trim();
  }
  return text;
}

function canonicalNumber(text: string): string {
  const parts = /^([+\-−]?)(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d*))?$/.exec(text);
  if (parts === null || !/\d/.test(text)) return text;
  const whole = (parts[2] ?? "").replaceAll(",", "").replace(/^0+(?=\d)/, "") || "0";
  const fraction = withoutTrailingZeros(parts[3] ?? "");
  const size = fraction === "" ? whole : `${whole}.${fraction}`;
  return /[-−]/.test(parts[1] ?? "") && size !== "0" ? `-${size}` : size;
}

/** A loop, since `/0+$/` takes quadratic time on zeros that do not end the text. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}
