import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { DynScaling } from "langchain-dynscaling";
import type { InputRecord, MethodFields } from "langchain-dynscaling";
import { uniform } from "langchain-dynscaling/allocators";
import { sp1, sp3 } from "langchain-dynscaling/baselines";
import { unitPlanOf } from "langchain-dynscaling/evaluation";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";
import type { LedgerQuestion } from "langchain-dynscaling/local";
import { bare, conclusions, guarded, masked } from "langchain-dynscaling/prompts";
import type { ChainPrompt } from "langchain-dynscaling/prompts";
import { integrated } from "langchain-dynscaling/samplers";

/** Units of 4 + 4 of each question that one pass records. */
export const UNITS_PER_PASS = 4;
const UNIT_SAMPLES = 8;
const HEADS = UNIT_SAMPLES / 2;

/** Questions asked side by side: with them the decoder is busy while one ends. */
const TOGETHER = 3;

/** One recorded response. */
export interface Recorded {
  stage: "parallel" | "sequential";
  purpose: "answer" | "feedback" | "score";
  /** Places, within the unit, of the responses that it quotes. */
  parents: readonly number[];
  answer: string | null;
  inputTokens: number | null;
  tokens: number | null;
  truncated: boolean;
  text: string;
}

/** What can be recorded. */
export type Kind = "guarded" | "bare" | "conclusions" | "masked" | "sp1" | "sp3";

/** What one pass recorded of one question; one line of the file. */
export interface Block {
  id: string;
  kind: Kind;
  pass: number;
  units: readonly (readonly Recorded[])[];
}

const chained = (prompt: ChainPrompt): MethodFields => ({
  sampler: integrated({ prompt }),
  allocator: uniform(),
  unitSamples: UNIT_SAMPLES,
});

/** The methods whose units are recorded. SP2's chains are the beginnings of SP3's. */
const KINDS: Record<Kind, MethodFields> = {
  guarded: chained(guarded),
  bare: chained(bare),
  conclusions: chained(conclusions),
  masked: chained(masked),
  sp1: sp1(),
  sp3: sp3(),
};

/** What a unit of this kind asks. */
export function planOf(kind: Kind): string {
  const { sampler = integrated(), unitSamples = UNIT_SAMPLES } = KINDS[kind];
  return unitPlanOf({ sampler, unitSamples }) as string;
}

export function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

/** What is to be recorded. */
export interface RecordingPlan {
  kind: Kind;
  questions: number;
  passes: number;
  seed: number;
  file: string;
  /** Of the questions, those with this place modulo `shards`. */
  shard: number;
  shards: number;
  modelPath?: string | undefined;
}

/** The blocks of a file. A last line that was cut off by a crash is left out. */
export function readBlocks(file: string): Block[] {
  if (!existsSync(file)) return [];
  return wholeLines(readFileSync(file, "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Block);
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** Removes a last line that was cut off, or the next one would be added to it. */
function mend(file: string): void {
  if (!existsSync(file)) return;
  truncateSync(file, Buffer.byteLength(wholeLines(readFileSync(file, "utf8"))));
}

const keyOf = ({ id, kind, pass }: Pick<Block, "id" | "kind" | "pass">): string => `${kind} ${pass} ${id}`;

/**
 * Asks the embedded model for what the file lacks, and appends block by block. Passes
 * come one after another, so that what is there covers all questions alike. All kinds
 * but `guarded` ask anew only what follows the independent halves of its units: a pass
 * of theirs needs that pass of `guarded`.
 */
export async function record(plan: RecordingPlan): Promise<void> {
  mend(plan.file);
  const blocks = new Map(readBlocks(plan.file).map((block) => [keyOf(block), block]));
  const own = ledgerQuestions({ count: plan.questions, seed: plan.seed })
    .map((question, place) => ({ ...question, place }))
    .filter(({ place }) => place % plan.shards === plan.shard);
  for (let pass = 0; pass < plan.passes; pass++) {
    const missing = own.filter(({ id }) => !blocks.has(keyOf({ id, kind: plan.kind, pass })));
    if (missing.length === 0) continue;
    const startedAt = Date.now();
    const { modelPath } = plan;
    // What a call says follows from the seed and from how often its prompt came: not from where a run broke off.
    const seed = 1000 * Object.keys(KINDS).indexOf(plan.kind) + pass + plan.seed;
    const model = new ChatLocal({ seed, ...(modelPath !== undefined && { modelPath }) });
    const waiting = [...missing];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const heads =
          plan.kind === "guarded"
            ? undefined
            : headsOf(blocks.get(keyOf({ ...next, kind: "guarded", pass })));
        const units = await ask(model, next, plan.kind, pass, heads);
        const block: Block = { id: next.id, kind: plan.kind, pass, units };
        appendFileSync(plan.file, `${JSON.stringify(block)}\n`);
        blocks.set(keyOf(block), block);
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    await model.dispose();
    const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
    console.error(
      `${plan.kind}, pass ${pass + 1} of ${plan.passes}: ${missing.length} questions in ${minutes} minutes`,
    );
  }
}

/** The independent halves of the units of a block. */
function headsOf(block: Block | undefined): Recorded[][] {
  if (block === undefined)
    throw new Error("Record this pass of guarded first: its independent halves are used.");
  return block.units.map((unit) => unit.filter(({ stage }) => stage === "parallel"));
}

/** The units of one question in one pass, asked as the library asks them. */
async function ask(
  model: ChatLocal,
  { question, place }: LedgerQuestion & { place: number },
  kind: Kind,
  pass: number,
  halves: readonly Recorded[][] | undefined,
): Promise<Recorded[][]> {
  const method = KINDS[kind];
  const { unitSamples = UNIT_SAMPLES } = method;
  const askWith = async (
    asked: MethodFields & { model: ConstructorParameters<typeof DynScaling>[0]["model"] },
    copies: number,
  ) => {
    const seed = 1000 * pass + place;
    const scaled = new DynScaling({ ...asked, budget: { samplesPerInput: unitSamples }, seed });
    const records = await scaled.solve(Array<string>(copies).fill(question));
    return records.map(unitOf);
  };
  if (halves === undefined) return askWith({ ...method, model }, UNITS_PER_PASS);
  const units = await Promise.all(
    halves.map((heads) => {
      // A chain of refinement has one head; a unit of 4 + 4 has them all.
      const copies = unitSamples === UNIT_SAMPLES ? 1 : HEADS;
      return askWith({ ...method, model: after(heads, model) }, copies);
    }),
  );
  return units.flat();
}

/** The model, but the question alone is answered with the recorded responses, in their order. */
function after(heads: readonly Recorded[], model: ChatLocal): RunnableLambda<BaseMessage[], AIMessage> {
  const waiting = [...heads];
  return RunnableLambda.from(async (messages: BaseMessage[]): Promise<AIMessage> => {
    if (messages.length > 1) return model.invoke(messages);
    const head = waiting.shift();
    // A chain whose last response cannot be quoted begins anew with an answer to the question alone.
    if (head === undefined) return model.invoke(messages);
    const [input, output] = [head.inputTokens ?? 0, head.tokens ?? 0];
    return new AIMessage({
      content: head.text,
      usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: input + output },
      response_metadata: { finish_reason: head.truncated ? "length" : "stop" },
    });
  });
}

/** A response without text is paid for and recorded like any other; it holds no answer and is never quoted. */
function unitOf({ responses }: InputRecord): Recorded[] {
  const failed = responses.find(
    ({ error, usage }) => error !== undefined && usage.outputTokens === undefined,
  );
  if (failed) throw failed.error;
  return responses.map(({ stage, purpose, parents, answer, usage, truncated = false, text }) => ({
    stage,
    purpose,
    parents,
    answer,
    inputTokens: usage.inputTokens ?? null,
    tokens: usage.outputTokens ?? null,
    truncated,
    text,
  }));
}
