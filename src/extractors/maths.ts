import { readMaths } from "./maths_reader.js";
import type { Piece } from "./maths_reader.js";
import { canonicalNumber } from "./rational.js";

/**
 * A formula in one of its spellings: LaTeX spacing, sizes and synonyms of symbols
 * removed, numbers in canonical form, a fraction that stands alone as `a/b`, the
 * elements of a set sorted. Nothing is calculated but the value of plain numbers.
 * `null` if the text is no formula that can be read without guessing.
 */
export function canonicalMaths(text: string): string | null {
  const pieces = readMaths(withPlainBlanks(text), written);
  return pieces === null || !isUnambiguous(pieces)
    ? null
    : (quantity(pieces) ?? set(pieces) ?? written(pieces));
}

/** LaTeX's ways of grouping digits, and its blank before a command; elsewhere `~5` is about 5. */
function withPlainBlanks(text: string): string {
  return text
    .replaceAll("{,}", ",")
    .replace(/(?<![\w^{.\\,])[1-9]\d{0,2}(?:\\,\d{3})+(?!\d)/g, (digits) => digits.replaceAll("\\,", ""))
    .replace(/~(?=\\)/g, " ");
}

/** `(1,234)` is a pair, `1,234` a number, and what `x=1,234` or `(1,234, 5)` are, nobody can say. */
function isUnambiguous(pieces: readonly Piece[]): boolean {
  let depth = 0;
  let thousands = false;
  let free = false;
  for (const [place, { role, text, inner }] of pieces.entries()) {
    if (!inner.every((content) => isUnambiguous(content.pieces))) return false;
    if (role === "open") depth += 1;
    if (role === "close") depth -= 1;
    const [before, after] = [pieces[place - 1], pieces[place + 1]];
    if (role !== "comma" || before?.role !== "number" || after?.role !== "number") continue;
    if (!/^\d{1,3}$/.test(before.text) || !/^\d{3}(?:\.|$)/.test(after.text) || text !== ",") continue;
    thousands = true;
    if (depth === 0) free = true;
  }
  const spaced = pieces.some(({ text }) => text === ", ");
  return !thousands || (!free && !spaced) || numberOf(pieces) !== null;
}

/** A number with what the field ignores (degrees) or keeps (per cent, a unit in `\text{}`). */
function quantity(pieces: readonly Piece[]): string | null {
  const last = pieces.at(-1);
  if (last?.role === "degree") return numberOf(pieces.slice(0, -1));
  if (last?.text === "%") return withUnit(numberOf(pieces.slice(0, -1)), "%");
  const unitStart = pieces.length - (last?.role === "script" ? 2 : 1);
  const unit = pieces[unitStart];
  if (unit?.role !== "text" || !/^\p{L}/u.test(unit.text)) return null;
  return withUnit(
    numberOf(pieces.slice(0, unitStart)),
    ` ${unit.text}${asWritten(pieces.slice(unitStart + 1))}`,
  );
}

function withUnit(number: string | null, unit: string): string | null {
  return number === null ? null : number + unit;
}

/** `\{2, 1\}` is `\{1, 2\}`; a set with a rule or with dots keeps its order. */
function set(pieces: readonly Piece[]): string | null {
  if (pieces[0]?.text !== "\\{" || pieces.at(-1)?.text !== "\\}") return null;
  const elements: Piece[][] = [[]];
  let depth = 0;
  for (const piece of pieces.slice(1, -1)) {
    if (piece.role === "relation" || piece.text === "|" || piece.text === "\\ldots" || piece.text === ".")
      return null;
    if (piece.role === "open") depth += 1;
    if (piece.role === "close") depth -= 1;
    if (depth < 0 || piece.text === "\\{") return null;
    if (piece.role === "comma" && depth === 0) elements.push([]);
    else elements.at(-1)?.push(piece);
  }
  return `\\{${elements.map(written).toSorted().join(", ")}\\}`;
}

/** The pieces, cut into elements at brackets, commas and relations. */
function written(pieces: readonly Piece[]): string {
  const whole = numberOf(pieces);
  if (whole !== null) return whole;
  let text = "";
  let element: Piece[] = [];
  let before: Piece | undefined;
  for (const piece of [...pieces, undefined]) {
    if (piece !== undefined && !isBoundary(piece)) {
      element.push(piece);
      continue;
    }
    text = glue(text, writtenElement(element, before?.role === "close", piece?.role === "open"));
    if (piece !== undefined) text = glue(text, piece.role === "comma" ? ", " : piece.text);
    [element, before] = [[], piece];
  }
  return text.trim();
}

function isBoundary({ role }: Piece): boolean {
  return role === "open" || role === "close" || role === "comma" || role === "relation";
}

/** Beside a bracket a fraction is a factor, so that it has to stay a fraction there. */
function writtenElement(pieces: readonly Piece[], afterClose: boolean, beforeOpen: boolean): string {
  const [first, second] = pieces;
  if (first?.text === "+" && second !== undefined && second.role !== "sign" && !afterClose) {
    return writtenElement(pieces.slice(1), afterClose, beforeOpen);
  }
  if (afterClose || beforeOpen) {
    if (!pieces.some(({ role }) => role === "sign")) return asWritten(pieces);
  } else {
    const number = numberOf(pieces);
    if (number !== null) return number;
  }
  const terms = cutBySigns(pieces);
  return terms.reduce((text, term, place) => {
    const isFactor = (place === 0 && afterClose) || (place === terms.length - 1 && beforeOpen);
    return glue(text, isFactor ? asWritten(term) : writtenTerm(term, place === 0));
  }, "");
}

/** Terms and the signs between them, each a list of its own. */
function cutBySigns(pieces: readonly Piece[]): Piece[][] {
  const cut: Piece[][] = [];
  let term: Piece[] = [];
  for (const piece of pieces) {
    if (piece.role !== "sign") {
      term.push(piece);
      continue;
    }
    if (term.length > 0) cut.push(term);
    cut.push([piece]);
    term = [];
  }
  return term.length > 0 ? [...cut, term] : cut;
}

function writtenTerm(term: readonly Piece[], isFirst: boolean): string {
  const number = numberOf(term);
  // `1+\frac{-1}{2}` must not become `1+-0.5`.
  if (number !== null && (isFirst || !number.startsWith("-"))) return number;
  const [only, ...others] = term;
  const isFraction = only?.role === "fraction" && others.length === 0;
  return (isFraction ? slashed(only, isFirst) : null) ?? asWritten(term);
}

const FACTORS = new Set(["number", "letter", "word", "root", "script"]);

/** `\frac{a}{b}` as `a/b`, with brackets where they are needed. */
function slashed({ inner: [over, under] }: Piece, mayBeNegative: boolean): string | null {
  if (over === undefined || under === undefined || over.form === "" || under.form === "") return null;
  if ([...over.pieces, ...under.pieces].some(({ role }) => role === "text" || role === "comma")) return null;
  const isNegative = mayBeNegative && over.form.startsWith("-") && over.pieces.length > 1;
  const isProduct = over.pieces.slice(isNegative ? 1 : 0).every(({ role }) => FACTORS.has(role));
  const [base, exponent, more] = under.pieces;
  const isFactor =
    FACTORS.has(base?.role ?? "") && (exponent?.role ?? "script") === "script" && more === undefined;
  return `${isProduct ? over.form : `(${over.form})`}/${isFactor ? under.form : `(${under.form})`}`;
}

/** `null` for codes such as `007`, which are numbers only if they are all of the answer. */
function numberOf(pieces: readonly Piece[]): string | null {
  const text = asWritten(pieces);
  return /^0\d/.test(text) ? null : canonicalNumber(text);
}

function asWritten(pieces: readonly Piece[]): string {
  return pieces.reduce((text, piece, place) => glue(text, one(piece, pieces[place + 1])), "");
}

function one({ role, text, inner }: Piece, next: Piece | undefined): string {
  const [first = "", second = ""] = inner.map(({ form }) => form);
  switch (role) {
    case "fraction":
      return `\\frac{${first}}{${second}}`;
    case "root":
      return first === "" ? `\\sqrt{${second}}` : `\\sqrt[${first}]{${second}}`;
    case "group":
      return `{${first}}`;
    case "text":
      return `\\text{${text}}`;
    case "script":
      // `x^{1}2` is not `x^12`.
      return text + (isShort(first) && next?.role !== "number" ? first : `{${first}}`);
    default:
      return text;
  }
}

function isShort(script: string): boolean {
  return /^(?:[\p{L}\d*+\-']|\\[a-zA-Z]+)$/u.test(script);
}

/** A command and a letter behind it would make another command. */
function glue(left: string, right: string): string {
  return /\\[a-zA-Z]+$/.test(left.slice(-40)) && /^[a-zA-Z]/.test(right) ? `${left} ${right}` : left + right;
}
