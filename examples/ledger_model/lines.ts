/**
 * Reading or mere confidence? How often a line of a conditioned answer is right, by what
 * its attempts have at the same sum. Reads what `examples/results/embedded.ts record` wrote:
 *
 *   npx tsx examples/ledger_model/lines.ts embedded.jsonl [more.jsonl]
 */
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

const tally = new Map<string, { right: number; count: number }>();
function count(kind: string, isRight: boolean): void {
  const own = tally.get(kind) ?? { right: 0, count: 0 };
  tally.set(kind, { right: own.right + Number(isRight), count: own.count + 1 });
}

for (const { kind, units } of files.flatMap(readBlocks)) {
  if (kind !== "guarded") continue;
  for (const unit of units) {
    for (const { stage, parents, text } of unit) {
      const read = parents.map((place) => unit[place]!.text.split("\n"));
      for (const { asked, right, isRight } of sumsOf(text)) {
        if (stage === "parallel") {
          count("no attempts shown", isRight);
          continue;
        }
        const having = read.filter((lines) => lines.includes(right)).length;
        const other = read.filter((lines) =>
          lines.some((line) => line.startsWith(asked) && line !== right),
        ).length;
        count(`${having} have it right, ${other} have it wrong`, isRight);
      }
    }
  }
}

console.log("| attempts with the same sum | lines | right, % |\n|---|---|---|");
for (const [kind, { right, count: lines }] of [...tally].toSorted(([a], [b]) => a.localeCompare(b, "en"))) {
  console.log(`| ${kind} | ${lines} | ${((100 * right) / lines).toFixed(1)} |`);
}
