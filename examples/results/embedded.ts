/**
 * All methods compared on the embedded model: Figures 1 to 3 of the paper.
 *
 * `record` asks the model for whole units, once; `tables` replays every method, budget
 * and seed from them, which is what live runs would give, as no unit depends on another.
 *
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds guarded --passes 4
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds sp1,sp3 --passes 2
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds bare,conclusions,masked --questions 100 --passes 2
 *   npx tsx examples/results/embedded.ts tables embedded.jsonl [more.jsonl] --figures FOLDER
 *
 * A pass has 4 units of 4 + 4 a question; all kinds share its independent samples. One
 * core, idle: 20 minutes a pass of `guarded` for 300 questions, 8 of `sp1`, 15 of `sp3`,
 * 4 to 6 of each other prompt for 100. A recording that was cut short goes on where it
 * stopped; `--shard 0/2` and `1/2`, each with a file of its own, use two cores.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figureSvg, figuresOf } from "langchain-dynscaling/evaluation";
import { poolOfBlocks } from "./embedded/pool.js";
import { isKind, readBlocks, record } from "./embedded/recording.js";
import type { Kind } from "./embedded/recording.js";
import { CHOICES, printCeiling, printChains, printChoices, printRivals } from "./embedded/tables.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kinds: { type: "string", default: "guarded" },
    passes: { type: "string", default: "4" },
    questions: { type: "string", default: "300" },
    seed: { type: "string", default: "20261122" },
    file: { type: "string", default: "embedded.jsonl" },
    shard: { type: "string", default: "0/1" },
    model: { type: "string" },
    seeds: { type: "string", default: "10" },
    figures: { type: "string" },
  },
});
const seed = Number(values.seed);
const [command, ...files] = positionals;
if (command === "record") {
  const [shard = 0, shards = 1] = values.shard.split("/").map(Number);
  const [questions, passes] = [Number(values.questions), Number(values.passes)];
  for (const kind of values.kinds.split(",").map(kindOf))
    await record({
      kind,
      questions,
      passes,
      seed,
      file: values.file,
      shard,
      shards,
      modelPath: values.model,
    });
} else if (command === "tables" && files.length > 0) {
  await tables();
} else {
  throw new Error(
    "Say what to do: record --file FILE.jsonl, or tables FILE.jsonl. The comment of this file says more.",
  );
}

function kindOf(name: string): Kind {
  if (!isKind(name)) throw new Error(`--kinds: got "${name}".`);
  return name;
}

async function tables(): Promise<void> {
  const blocks = files.flatMap(readBlocks);
  const seeds = Number(values.seeds);
  const pool = poolOfBlocks(blocks, ["guarded", "sp1", "sp3"], seed);
  console.log(`\n### Methods: ${pool.length} questions, ${seeds} seeds`);
  const rivals = printRivals(pool, seeds);
  printCeiling(pool, seeds);
  const whole = poolOfBlocks(blocks, ["guarded"], seed);
  console.log(`\n### Choices: ${whole.length} questions, ${seeds} seeds`);
  const choices = printChoices(whole, seeds);
  const variants = poolOfBlocks(blocks, ["guarded", "bare", "conclusions", "masked"], seed);
  console.log(`\n### Chain prompts: ${variants.length} questions, ${seeds} seeds`);
  if (variants.length > 0) printChains(variants, seeds);
  if (values.figures === undefined) return;
  await mkdir(values.figures, { recursive: true });
  const runs = [rivals.flatMap((result) => result.runs), choices.flatMap((result) => result.runs)] as const;
  const groups = Object.entries(CHOICES).map(([title, methods]) => ({
    title,
    methods: Object.keys(methods),
  }));
  const wanted = [
    ...figuresOf({ runs: runs[0] }).filter(
      ({ name }) => name === "accuracy_by_output_tokens" || name === "difference",
    ),
    ...figuresOf({ runs: runs[1], groups }).filter(({ name }) => name.startsWith("group_")),
  ];
  for (const figure of wanted) {
    const svg = await figureSvg(figure);
    if (svg !== null) await writeFile(join(values.figures, `${figure.name}.svg`), svg);
  }
}
