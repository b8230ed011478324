/**
 * Does a checkpoint use the attempts it is shown? One greedy answer and three
 * samples to prompts whose attempts are made by hand, so that what they hold is known.
 *
 *   OMP_NUM_THREADS=1 npx tsx examples/ledger_model/probe.ts ledger.gguf.pt --questions 60
 *
 * "Cannot copy" shows in greedy answers to four right attempts, "does not know the
 * prompt" in the difference between wordings, and temperature noise in that
 * between greedy answers and samples.
 */
import { parseArgs } from "node:util";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { ledgerAnswer, ledgerSolution, ledgerStream } from "../../src/local/ledger.js";
import type { LedgerProblem } from "../../src/local/ledger.js";
import { DEFAULT_TEMPERATURE } from "../../src/local/options.js";
import { bare, guarded } from "../../src/prompts/index.js";
import { type Turn, answerOf, answers, libraryTurns, rendered } from "./torch_model.js";
import { DELIMITERS, REQUESTS } from "./wordings.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    questions: { type: "string", default: "60" },
    temperature: { type: "string", default: String(DEFAULT_TEMPERATURE) },
    seed: { type: "string", default: "13" },
  },
});
const [checkpoint] = positionals;
if (!checkpoint) throw new Error("Name the checkpoint, for example ledger.gguf.pt.");
const SAMPLES = 3;
const random = xoroshiro128plus(Number(values.seed));
const draw = ledgerStream(Number(values.seed), "held-out");
const problems = Array.from({ length: Number(values.questions) }, (_, place) => draw(2 + (place % 5)));

/** The whole solution with a slip in one line, from which it goes on. */
function slippedAt(problem: LedgerProblem, line: number, by: number): string {
  return write(problem, (right, place) => (place === line ? right + by : right));
}

function write(problem: LedgerProblem, slip?: (right: number, line: number) => number): string {
  return ledgerSolution(problem, slip)
    .map(({ text }) => text)
    .join("");
}

/** As the model slips: somewhere, by a little in one place. */
function scattered(problem: LedgerProblem): string {
  const line = uniformInt(random, 0, problem.operations.length - 1);
  return slippedAt(problem, line, uniformInt(random, 1, 9) * 10 ** uniformInt(random, 0, 2));
}

const last = (problem: LedgerProblem): number => problem.operations.length - 1;
const MIXES: Record<string, (problem: LedgerProblem) => string[]> = {
  "four right": (p) => [write(p), write(p), write(p), write(p)],
  "three right, one wrong": (p) => [scattered(p), write(p), write(p), write(p)],
  "two right, two wrong": (p) => [write(p), scattered(p), scattered(p), write(p)],
  "one right, three wrong": (p) => [scattered(p), scattered(p), write(p), scattered(p)],
  "four wrong, each first in another line": (p) =>
    [0, 1, 2, 3].map((place) => slippedAt(p, place % (last(p) + 1), [10, 100, 1, 20][place]!)),
  "four with the same slip in the last line": (p) =>
    Array.from({ length: 4 }, () => slippedAt(p, last(p), 10)),
  // Nothing can be read from these: what is gained here is steadiness, not looking back.
  "four at another question": (p) => {
    const other = problems[(problems.indexOf(p) + 5) % problems.length]!;
    return Array.from({ length: 4 }, () => write(other));
  },
};
const trained = (thoughts: readonly string[]): Turn[] => [
  { role: "assistant", content: thoughts.map((text, place) => DELIMITERS[1]!(text, place + 1)).join("\n\n") },
  { role: "user", content: REQUESTS[1]! },
];
const WORDINGS: Record<string, (question: string, thoughts: readonly string[]) => Promise<Turn[]>> = {
  guarded: (question, thoughts) => libraryTurns(guarded, question, thoughts),
  bare: (question, thoughts) => libraryTurns(bare, question, thoughts),
  "another wording": async (_, thoughts) => trained(thoughts),
};

const cases: [name: string, prompts: string[]][] = [
  ["no attempts", problems.map(({ question }) => rendered([{ role: "user", content: question }]))],
];
for (const [wording, turns] of Object.entries(WORDINGS)) {
  for (const [mix, attempts] of Object.entries(MIXES)) {
    if (wording === "another wording" && !mix.startsWith("four")) continue;
    const prompts = problems.map(async (problem) => {
      const { question } = problem;
      return rendered([{ role: "user", content: question }, ...(await turns(question, attempts(problem)))]);
    });
    cases.push([`${wording}: ${mix}`, await Promise.all(prompts)]);
  }
}

const temperature = Number(values.temperature);
const texts = await answers(
  checkpoint,
  cases.flatMap(([, prompts]) => prompts),
  { temperatures: [0, ...Array.from({ length: SAMPLES }, () => temperature)] },
);
console.log(`| ${problems.length} questions | greedy | temperature ${values.temperature} |\n|---|---|---|`);
for (const [row, [name]] of cases.entries()) {
  const own = texts.slice(row * problems.length, (row + 1) * problems.length);
  const right = own.map((answered, place) =>
    answered.map(({ text }) => answerOf(text) === ledgerAnswer(problems[place]!)),
  );
  const share = (flags: boolean[]): string =>
    ((100 * flags.filter(Boolean).length) / flags.length).toFixed(1);
  const greedy = share(right.map(([first]) => first!));
  console.log(`| ${name} | ${greedy} | ${share(right.flatMap(([, ...samples]) => samples))} |`);
}
