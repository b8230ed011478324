/**
 * Writes the training corpus: one JSON document per line, `{ text, loss }`, where
 * `loss` lists the stretches of characters that the model is trained to write.
 *
 *   npx tsx examples/ledger_model/corpus.ts corpus.jsonl --documents 160000 --plain 65 --seed 20260
 *
 * `--plain` is the percentage of documents that are just a question and its
 * solution, `--drills` that of copy drills, `--sums` that of lists of sums that belong to no
 * question, short numbers among them; the rest show earlier attempts, `--others`
 * percent of them at another question, from which nothing is to be taken. Attempts
 * are made up here, or the model's own with `--attempts own.jsonl` (`sample.py`
 * writes it from a corpus of the same seed); a question without any is left out.
 */
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { isHeldOut, ledgerSolution, ledgerStream } from "../../src/local/ledger.js";
import type { LedgerPiece, LedgerProblem } from "../../src/local/ledger.js";
import { bare, guarded } from "../../src/prompts/index.js";
import { type Turn, libraryTurns, rendered } from "./torch_model.js";
import { DELIMITERS, REQUESTS, SYSTEM } from "./wordings.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    documents: { type: "string", default: "160000" },
    plain: { type: "string", default: "30" },
    drills: { type: "string", default: "10" },
    sums: { type: "string", default: "0" },
    others: { type: "string", default: "0" },
    attempts: { type: "string" },
    seed: { type: "string", default: "20260" },
  },
});
const [path] = positionals;
if (!path) throw new Error("Name the file to write, for example corpus.jsonl.");
const plainShare = Number(values.plain) / 100;
const drillShare = Number(values.drills) / 100;
const sumShare = Number(values.sums) / 100;
const othersShare = Number(values.others) / 100;
const own = new Map(
  values.attempts
    ? readFileSync(values.attempts, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { question: string; texts: string[] })
        .map(({ question, texts }) => [question, texts])
    : [],
);
const seed = Number(values.seed);

interface Document {
  question: string;
  text: string;
  loss: [from: number, to: number][];
  /** Results among `loss` that have to be computed, since no attempt above has this line up to them. */
  computed: [from: number, to: number][];
}

const random = xoroshiro128plus(seed);
const below = (count: number): number => uniformInt(random, 0, count - 1);
const chance = (probability: number): boolean => below(1_000_000) < probability * 1_000_000;
const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]!;
/** Numbers of attempts; four are what the library shows. */
const COUNTS = [1, 2, 3, 4, 4, 4];
const nextProblem = ledgerStream(seed, "train");

/** A number that is easily written instead of the right one. */
function slippedNumber(right: number): number {
  for (;;) {
    const place = 10 ** below(String(right).length);
    const wrong = chance(0.7) ? right + pick([-1, 1]) * place : right + (below(19) - 9) * place;
    if (wrong >= 0 && wrong !== right) return wrong;
  }
}

const join = (pieces: readonly LedgerPiece[]): string => pieces.map(({ text }) => text).join("");

interface Attempt {
  text: string;
  pieces: LedgerPiece[];
}

/** An attempt of which about `rate` of the results are slips; none runs below zero. */
function inventedAttempt(problem: LedgerProblem, rate: number): Attempt {
  for (;;) {
    const pieces = ledgerSolution(problem, (right) => (chance(rate) ? slippedNumber(right) : right));
    const text = join(pieces);
    if (!text.includes("=-")) return { text, pieces };
  }
}

/** A text of the model's own, cut into right and wrong pieces; one that strays from the form has no right ones. */
function ownAttempt(problem: LedgerProblem, text: string): Attempt {
  const written = text.split("\n").map((line) => Number(line.split("=")[1]));
  const pieces = ledgerSolution(problem, (_, line) => written[line] ?? Number.NaN);
  return { text, pieces: join(pieces) === text ? pieces : [{ text, slipped: true }] };
}

function attemptsAt(problem: LedgerProblem): Attempt[] {
  const count = pick(COUNTS);
  const texts = own.get(problem.question);
  if (texts) {
    const from = below(texts.length - count + 1);
    return texts.slice(from, from + count).map((text) => ownAttempt(problem, text));
  }
  const rate = pick([0, 0.05, 0.1, 0.1, 0.2, 0.3]);
  return Array.from({ length: count }, () => inventedAttempt(problem, rate));
}

/** Marks the pieces of a text that starts at `from`; slips are read but never learnt. */
function mark(
  document: Document,
  from: number,
  pieces: readonly LedgerPiece[],
  above: readonly string[],
): void {
  const lines = above.flatMap((text) => text.split("\n"));
  const isWritten = (line: string): boolean =>
    lines.some((written) => written.startsWith(line) && !/\d/.test(written.charAt(line.length)));
  let place = from;
  let line = "";
  for (const { text, slipped } of pieces) {
    line = `${line}${text}`.split("\n").at(-1)!;
    const span: [number, number] = [place, (place += text.length)];
    if (slipped) continue;
    document.loss.push(span);
    const isResult = /^\d+$/.test(text);
    if (isResult && !isWritten(line)) document.computed.push(span);
  }
}

/** The prompt as the chat template renders it, then the right solution. */
function documentOf(problem: LedgerProblem, prompt: readonly Turn[], above: readonly string[]): Document {
  const pieces = ledgerSolution(problem);
  const head = rendered(prompt);
  const text = `${head}${join(pieces)}<|end|>`;
  const document: Document = { question: problem.question, text, loss: [], computed: [] };
  mark(document, head.length, pieces, above);
  document.loss.push([text.length - "<|end|>".length, text.length]);
  return document;
}

function opening(problem: LedgerProblem): Turn[] {
  const system: Turn[] = chance(0.04) ? [{ role: "system", content: pick(SYSTEM) }] : [];
  return [...system, { role: "user", content: problem.question }];
}

const plain = (problem: LedgerProblem): Document => documentOf(problem, opening(problem), []);

/** Earlier attempts in the prompt, most often exactly as the library words them. */
async function conditioned(problem: LedgerProblem): Promise<Document> {
  const isOther = othersShare > 0 && chance(othersShare);
  const attempts = attemptsAt(isOther ? nextProblem(problem.operations.length) : problem);
  const thoughts = attempts.map(({ text }) => text);
  const prompt = [...opening(problem), ...(await turnsFor(problem, thoughts))];
  const document = documentOf(problem, prompt, thoughts);

  // Learning to continue attempts and to repeat the question is practice in copying.
  let from = problem.question.length;
  for (const [place, { text, pieces }] of attempts.entries()) {
    from = document.text.indexOf(text, from);
    if (!isOther) mark(document, from, pieces, thoughts.slice(0, place));
    from += text.length;
  }
  const repeated = document.text.indexOf(problem.question, from);
  if (repeated >= 0) document.loss.push([repeated, repeated + problem.question.length]);
  return document;
}

async function turnsFor(problem: LedgerProblem, thoughts: readonly string[]): Promise<Turn[]> {
  const kind = below(100);
  if (kind < 80) {
    return libraryTurns(kind < 45 ? guarded : bare, problem.question, thoughts);
  }
  const request: Turn = { role: "user", content: pick(REQUESTS) };
  if (kind < 87) {
    // One turn per attempt, each asked for anew.
    return thoughts.flatMap((text): Turn[] => [{ role: "assistant", content: text }, request]);
  }
  const delimit = pick(DELIMITERS);
  const chain = thoughts.map((text, place) => delimit(text, place + 1)).join(pick(["\n", "\n\n"]));
  if (kind < 94) return [{ role: "assistant", content: chain }, request];
  return [
    { role: "assistant", content: `Attempts: ${thoughts.length}` },
    { role: "user", content: `${chain}\n\n${request.content}` },
  ];
}

/** The same arbitrary lines several times over: only looking back predicts them. */
function copyDrill(problem: LedgerProblem): Document {
  const original = ledgerSolution(problem, () => 100 + below(9900));
  const delimit = pick(DELIMITERS);
  const noise = pick([0, 0.1, 0.2]);
  const document: Document = { question: problem.question, text: "<|assistant|>", loss: [], computed: [] };
  for (let copy = 0; copy < 2 + below(3); copy++) {
    const pieces = original.map(({ text, slipped }) =>
      slipped && copy > 0 && chance(noise)
        ? { text: String(100 + below(9900)), slipped }
        : { text, slipped: copy === 0 },
    );
    const [before, after] = delimit("\0", copy + 1).split("\0") as [string, string];
    document.text += before;
    const text = join(pieces);
    mark(document, document.text.length, pieces, [text]);
    document.text += `${text}${after}\n\n`;
  }
  return document;
}

/** A number of one to so many digits, all lengths as often: short sums are learnt first, and long ones from them. */
const numberUpTo = (digits: number): number => below(10 ** (1 + below(digits)));

/** Lines that hold nothing to read: only working them out predicts the results. */
function sumDrill(problem: LedgerProblem): Document {
  const document: Document = { question: problem.question, text: "<|assistant|>", loss: [], computed: [] };
  for (let line = 1; line <= 6 + below(9); line++) {
    const [sign, left, right] = pick([
      ["+", numberUpTo(4), numberUpTo(3)],
      ["-", numberUpTo(4), numberUpTo(3)],
      ["*", numberUpTo(4), 2 + below(8)],
    ] as const);
    const [first, second] = sign === "-" ? [Math.max(left, right), Math.min(left, right)] : [left, right];
    const result = sign === "+" ? first + second : sign === "-" ? first - second : first * second;
    document.text += `${line}: ${first}${sign}${second}=`;
    const span: [number, number] = [document.text.length, document.text.length + String(result).length];
    document.loss.push(span);
    document.computed.push(span);
    document.text += `${result}\n`;
  }
  return document;
}

const file = createWriteStream(path);
for (let written = 0; written < Number(values.documents); written++) {
  const problem = nextProblem(1 + (written % 6));
  if (isHeldOut(problem.question)) throw new Error("A held-out question reached the corpus.");
  const kind = below(1_000_000) / 1_000_000;
  const isConditioned = kind >= plainShare + drillShare + sumShare;
  if (isConditioned && values.attempts && !own.has(problem.question)) continue;
  const document = isConditioned
    ? await conditioned(problem)
    : kind < plainShare
      ? plain(problem)
      : kind < plainShare + drillShare
        ? copyDrill(problem)
        : sumDrill(problem);
  if (!file.write(`${JSON.stringify(document)}\n`)) await once(file, "drain");
}
file.end();
await once(file, "finish");
