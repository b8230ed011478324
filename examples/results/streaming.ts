/**
 * Questions that come one by one and share a budget, over recorded answers: how often
 * the vote is that of the infinite vote, against a batch that knows all questions.
 * Prints a Markdown table; a minute per pool.
 *
 *   npx tsx examples/results/streaming.ts POOL.jsonl …
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { DynScaling } from "langchain-dynscaling";
import { voteIndex } from "langchain-dynscaling/allocators";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { infiniteVote, parsePool, replay, scoreRuns } from "langchain-dynscaling/evaluation";
import type { PoolQuestion } from "langchain-dynscaling/evaluation";
import { numbersFrom } from "../data/seeded.js";

const AVERAGE = 8;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const UNREADABLE = "(unreadable)";

/** Says what was recorded: each time a question is asked, one of its answers. */
class RecordedModel extends BaseChatModel {
  readonly #pool: ReadonlyMap<string, PoolQuestion>;
  readonly #random: () => number;

  constructor(pool: readonly PoolQuestion[], random: () => number) {
    super({});
    this.#pool = new Map(pool.map((question) => [question.id, question]));
    this.#random = random;
  }

  override _llmType(): string {
    return "recorded";
  }

  override async _generate([asked]: BaseMessage[]): Promise<ChatResult> {
    const { samples = [] } = this.#pool.get(asked?.text ?? "") ?? {};
    const text = samples[Math.floor(this.#random() * samples.length)]?.answer ?? UNREADABLE;
    // Real calls come back in any order.
    await new Promise((resolve) => setTimeout(resolve, 3 * this.#random()));
    return { generations: [{ text, message: new AIMessage(text) }] };
  }
}

/** Asks all questions in a random order, `inFlight` at a time, on one shared budget. */
async function stream(
  pool: readonly PoolQuestion[],
  inFlight: number,
  seed: number,
): Promise<{ answers: Map<string, string | null>; samples: number }> {
  const random = numbersFrom(seed);
  const scaled = new DynScaling({
    model: new RecordedModel(pool, random),
    extractor: (text) => (text === UNREADABLE ? null : text),
  });
  const shared = scaled.shared({ samplesPerInput: AVERAGE });
  const waiting = pool
    .map((question) => ({ id: question.id, place: random() }))
    .toSorted((one, other) => one.place - other.place);
  const answers = new Map<string, string | null>();
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { response_metadata } = await shared.invoke(next.id);
      answers.set(next.id, response_metadata.dynscaling.answer);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { answers, samples: shared.spend.samples / pool.length };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function cell(shares: readonly number[], samples: readonly number[]): string {
  const centre = mean(shares);
  const error = Math.sqrt(mean(shares.map((share) => (share - centre) ** 2)) / (shares.length - 1));
  return `${(100 * centre).toFixed(1)} ± ${(100 * error).toFixed(1)} at ${mean(samples).toFixed(2)}`;
}

console.log("| pool | uniform | batch, vote index | one by one | 16 in flight | 64 in flight |");
console.log("|---|---|---|---|---|---|");
for (const path of process.argv.slice(2)) {
  const pool = parsePool(readFileSync(path, "utf8"));
  const reference = infiniteVote(pool);
  const agrees = (id: string, answer: string | null): boolean =>
    answer !== null && (reference.get(id) ?? []).includes(answer);
  const methods = {
    uniform: selfConsistency(),
    batch: { allocator: voteIndex({ roundShare: 0.05 }), unitSamples: 1 },
  };
  const cells: Record<string, { shares: number[]; samples: number[] }> = {};
  const add = (column: string, share: number, samples: number): void => {
    const found = (cells[column] ??= { shares: [], samples: [] });
    found.shares.push(share);
    found.samples.push(samples);
  };
  for (const seed of SEEDS) {
    for (const run of replay({ pool, methods, seeds: [seed], samplesPerInput: [AVERAGE] })) {
      const [scores] = scoreRuns([run], { reference });
      const questions = scores?.checkpoints[0]?.questions ?? [];
      add(
        run.method,
        mean(questions.map(({ score }) => score ?? 0)),
        mean(questions.map(({ samples }) => samples)),
      );
    }
    for (const inFlight of [1, 16, 64]) {
      const { answers, samples } = await stream(pool, inFlight, seed);
      const hits = Array.from(answers, ([id, answer]) => Number(agrees(id, answer)));
      add(String(inFlight), mean(hits), samples);
    }
  }
  const columns = ["uniform", "batch", "1", "16", "64"].map((column) => {
    const { shares = [], samples = [] } = cells[column] ?? {};
    return cell(shares, samples);
  });
  console.log(`| ${basename(path, ".jsonl")} | ${columns.join(" | ")} |`);
}
