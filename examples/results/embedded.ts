/**
 * All methods compared on the embedded model: Figures 1 to 3 of the paper.
 *
 * `record` asks the model for whole units, once; `tables` replays every method, budget
 * and seed from them, which is what live runs would give, as no unit depends on another.
 *
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds guarded --passes 4
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds sp1 --passes 2
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds sp3 --passes 1
 *   npx tsx examples/results/embedded.ts record --file embedded.jsonl --kinds bare,conclusions,masked --questions 100 --passes 2
 *   npx tsx examples/results/embedded.ts tables embedded.jsonl [more.jsonl] --figures FOLDER
 *
 * A pass has 4 units of 4 + 4 a question, or 16 chains; all kinds share its independent
 * samples. So many passes hold what an even split of 64 samples asks. On an idle core a
 * pass takes about 20 minutes for `guarded` over 300 questions, 8 for `sp1`, 20 for `sp3`,
 * and 5 for another prompt over 100. A recording that was cut short goes on where it
 * stopped; `--shard 0/2` and `1/2`, each with a file of its own, use two cores, and
 * `tables` takes both files. `--model FILE.gguf` records another model.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figureSvg, figuresOf } from "langchain-dynscaling/evaluation";
import type { MethodGroup, PoolQuestion } from "langchain-dynscaling/evaluation";
import { poolOfBlocks } from "./embedded/pool.js";
import { isKind, readBlocks, record } from "./embedded/recording.js";
import type { Kind } from "./embedded/recording.js";
import type { Result } from "./embedded/study.js";
import {
  CHOICES,
  printCeiling,
  printChains,
  printChoices,
  printRivals,
  printSequential,
} from "./embedded/tables.js";

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
  const poolOf = (title: string, ...kinds: Kind[]): PoolQuestion[] => {
    const pool = poolOfBlocks(blocks, ["guarded", ...kinds], seed);
    if (pool.length === 0) {
      console.log(`\n### ${title}: nothing recorded yet`);
      return pool;
    }
    const units = pool.map(({ units: own = {} }) => Object.values(own).map(({ length }) => length));
    const recorded = Math.min(...units.map(([first = 0]) => first));
    console.log(`\n### ${title}: ${pool.length} questions, at least ${recorded} units each, ${seeds} seeds`);
    return pool;
  };
  const whole = poolOf("Methods");
  if (whole.length === 0) return;
  const rivals = printRivals(whole, seeds);
  printCeiling(whole, seeds);
  const chained = poolOf("Sequential baselines", "sp1", "sp3");
  const sequential = chained.length > 0 ? printSequential(chained, seeds) : [];
  console.log("\n### Choices, over the same questions as the methods");
  const choices = printChoices(whole, seeds);
  const variants = poolOf("Chain prompts", "bare", "conclusions", "masked");
  if (variants.length > 0) printChains(variants, seeds);
  if (values.figures === undefined) return;
  await mkdir(values.figures, { recursive: true });
  const groups = Object.entries(CHOICES).map(([title, methods]) => ({
    title,
    methods: Object.keys(methods),
  }));
  await draw("methods", rivals);
  await draw("sequential", sequential);
  await draw("choices", choices, groups);
}

/** Accuracy against output tokens: of all methods, or of each group of them. */
async function draw(name: string, results: readonly Result[], groups: MethodGroup[] = []): Promise<void> {
  if (results.length === 0) return;
  const runs = results.flatMap((result) => result.runs);
  const wanted = groups.length === 0 ? /^accuracy_by_output_tokens$/ : /^group_/;
  for (const figure of figuresOf({ runs, groups }).filter((each) => wanted.test(each.name))) {
    const svg = await figureSvg(figure);
    const file = groups.length === 0 ? name : `${name}_${figure.name.replace(wanted, "")}`;
    if (svg !== null) await writeFile(join(values.figures ?? ".", `${file}.svg`), svg);
  }
}
