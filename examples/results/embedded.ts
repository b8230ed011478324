/**
 * All methods compared on the embedded model.
 *
 *   npx tsx examples/results/embedded.ts record --kind guarded --passes 3 --file guarded.jsonl
 */
import { parseArgs } from "node:util";
import { isKind, record } from "./embedded/recording.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: "string", default: "guarded" },
    passes: { type: "string", default: "3" },
    questions: { type: "string", default: "300" },
    seed: { type: "string", default: "20261122" },
    file: { type: "string", default: "embedded.jsonl" },
    shard: { type: "string", default: "0/1" },
    model: { type: "string" },
  },
});
if (positionals[0] === "record") {
  const [shard, shards] = values.shard.split("/").map(Number);
  for (const kind of values.kind.split(",")) {
    if (!isKind(kind)) throw new Error(`Unknown kind "${kind}".`);
    await record({
      kind,
      questions: Number(values.questions),
      passes: Number(values.passes),
      seed: Number(values.seed),
      file: values.file,
      shard: shard ?? 0,
      shards: shards ?? 1,
      modelPath: values.model,
    });
  }
}
