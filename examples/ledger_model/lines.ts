/**
 * Reading or mere confidence? How often a line of a conditioned answer is right, by what
 * its attempts have at the same sum; beside it, how often independent samples of other
 * units have the same sums right, where they came to them. Reads what `examples/results/embedded.ts record` wrote:
 *
 *   npx tsx examples/ledger_model/lines.ts embedded.jsonl [more.jsonl]
 */
import { grouped } from "../results/embedded/grouped.js";
import { readBlocks } from "../results/embedded/recording.js";

const files = process.argv.slice(2);
if (files.length === 0) throw new Error("Name the recording, for example embedded.jsonl.");
const LINE = /^(\d+: (\d+)([+*-])(\d+)=)(\d+)$/;

interface Sum {
  /** All up to the result. */
  asked: string;
  right: string;
  isRight: boolean;
}

function sumsOf(text: string): Sum[] {
  return text.split("\n").flatMap((line) => {
    const [, asked, left, sign, right, result] = LINE.exec(line) ?? [];
    if (asked === undefined) return [];
    const [a, b] = [Number(left), Number(right)];
    const value = sign === "+" ? a + b : sign === "-" ? a - b : a * b;
    return [{ asked, right: `${asked}${value}`, isRight: Number(result) === value }];
  });
}

interface Tally {
  lines: number;
  right: number;
  /** Expected number of right ones: the share of independent lines of other units with the same sum. */
  alone: number;
  compared: number;
}

const tallies = new Map<string, Tally>();
for (const blocks of grouped(
  files.flatMap(readBlocks).filter(({ kind }) => kind === "guarded"),
  ({ id }) => id,
).values()) {
  const units = blocks.flatMap((block) => block.units);
  const independent = units.flatMap((unit, place) =>
    unit
      .filter(({ stage }) => stage === "parallel")
      .flatMap(({ text }) => sumsOf(text).map((sum) => ({ ...sum, place }))),
  );
  const bySum = grouped(independent, ({ asked }) => asked);
  for (const [place, unit] of units.entries()) {
    for (const { stage, parents, text } of unit) {
      if (stage === "parallel") continue;
      const read = parents.map((parent) => unit[parent]!.text.split("\n"));
      for (const { asked, right, isRight } of sumsOf(text)) {
        const having = read.filter((lines) => lines.includes(right)).length;
        const other = read.filter((lines) =>
          lines.some((line) => line.startsWith(asked) && line !== right),
        ).length;
        const others = (bySum.get(asked) ?? []).filter((sum) => sum.place !== place);
        const name = `${having} have it right, ${other} have it wrong`;
        const tally = tallies.get(name) ?? { lines: 0, right: 0, alone: 0, compared: 0 };
        tallies.set(name, tally);
        tally.lines += 1;
        tally.right += Number(isRight);
        if (others.length === 0) continue;
        tally.compared += 1;
        tally.alone += others.filter((sum) => sum.isRight).length / others.length;
      }
    }
  }
}

const percent = (share: number): string => (Number.isFinite(share) ? (100 * share).toFixed(1) : "–");
console.log(
  "| attempts with the same sum | lines | right, % | the same sums without attempts, % |\n|---|---|---|---|",
);
for (const [name, { lines, right, alone, compared }] of [...tallies].toSorted(([a], [b]) =>
  a.localeCompare(b, "en"),
)) {
  console.log(`| ${name} | ${lines} | ${percent(right / lines)} | ${percent(alone / compared)} |`);
}
