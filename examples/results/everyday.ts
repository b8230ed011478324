/**
 * Everyday answers, at equal tokens: tickets to be sorted and invoices to be read,
 * 240 of each with known truth, by scripted models that err item by item, behind
 * OpenAI's or Gemini's own client and real HTTP. Prints Markdown tables; about ten
 * minutes for 8 samples per item on average. With `--recordings` every answer is kept
 * in that folder, and the tables are made again from there, without a request.
 *
 *   npm run build && npx tsx examples/results/everyday.ts 8 [--client gemini] [--recordings FOLDER] [--items 240] [--seeds 3]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DynScaling } from "langchain-dynscaling";
import type { InputRecord, MethodFields } from "langchain-dynscaling";
import { voteIndex } from "langchain-dynscaling/allocators";
import { selfConsistency, withoutIntegratedSampling } from "langchain-dynscaling/baselines";
import { bootstrapMean } from "langchain-dynscaling/evaluation";
import type { JudgedAnswer } from "langchain-dynscaling/evaluation";
import { oneOf } from "langchain-dynscaling/extractors";
import { byField, meanOfFields } from "langchain-dynscaling/structured";
import type { ObjectVoteFields } from "langchain-dynscaling/structured";
import { z } from "zod";
import { FIELDS } from "../data/invoices.js";
import type { InvoiceItem } from "../data/invoices.js";
import { LABELS } from "../data/tickets.js";
import type { Ticket } from "../data/tickets.js";
import { askClerk } from "../support/asked_clerk.js";
import type { AskedClerk } from "../support/asked_clerk.js";
import { invoiceClerk, ticketClerk } from "../support/scripted_clerk.js";
import { printTrust } from "../support/trust_table.js";
import type { Respond } from "../../test/support/protocol.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: "string", default: "openai" },
    recordings: { type: "string" },
    items: { type: "string", default: "240" },
    seeds: { type: "string", default: "3" },
  },
});
/** Samples per item, on average. */
const AVERAGE = Number(positionals[0] ?? 8);
const SEEDS = Array.from({ length: Number(flags.seeds) }, (_, seed) => seed + 1);
const REVIEW = { agreementBelow: 0.6 };

/** One by one, so that every sample after the first goes where it helps most. */
const oneByOne: MethodFields = { ...withoutIntegratedSampling(), allocator: voteIndex(), unitSamples: 1 };
const even: MethodFields = { ...selfConsistency(), unitSamples: 1 };

interface Entrant extends ObjectVoteFields {
  samples: number;
  method: MethodFields;
}

const single: Entrant = { samples: 1, method: even };
const majority: Entrant = { samples: AVERAGE, method: even };
const bandit: Entrant = {
  samples: AVERAGE,
  method: { ...withoutIntegratedSampling(), unitSamples: Math.ceil(AVERAGE / 2) },
};
const index: Entrant = { samples: AVERAGE, method: oneByOne };

/** What became of one item in one run. */
interface Outcome {
  /** Share of its fields that are right; of a label 0 or 1. */
  right: number;
  /** Whether all of it is. */
  whole: boolean;
  /** Whether there is no valid answer. */
  invalid: boolean;
  review: boolean;
  agreement: number;
  votes: number;
  tokens: number;
  samples: number;
}

function scaledOf({ model, journal }: AskedClerk, { samples, method }: Entrant, seed: number): DynScaling {
  const budget = { samplesPerInput: samples };
  return new DynScaling({
    model,
    journal,
    budget,
    extractor: oneOf(LABELS),
    review: REVIEW,
    seed,
    ...method,
  });
}

const CALLS = { maxConcurrency: 16 };

/** How the items of a set are answered by one entrant. */
type Play<Item> = (
  items: readonly Item[],
  asked: AskedClerk,
  entrant: Entrant,
  seed: number,
) => Promise<Outcome[]>;

const sortTickets: Play<Ticket> = async (items, clerk, entrant, seed) => {
  const asked = items.map(({ text }) => `Sort this ticket: ${LABELS.join(", ")}.\n\n${text}`);
  const records = await scaledOf(clerk, entrant, seed).solve(asked, CALLS);
  return records.map((record, place) => {
    const right = record.answer === items[place]?.label;
    return { ...outcomeOf(record), right: Number(right), whole: right, invalid: record.answer === null };
  });
};

const schema = z.object({
  vendor: z.string(),
  number: z.string(),
  date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  currency: z.enum(["EUR", "USD", "GBP", "CAD", "CHF"]),
  total: z.number().positive(),
});

const readInvoices: Play<InvoiceItem> = async (items, clerk, entrant, seed) => {
  const asked = items.map(({ text }) => `Read this invoice as JSON.\n\n${text}`);
  const { vote, uncertainty } = entrant;
  const options = { method: clerk.method, ...(vote && { vote }), ...(uncertainty && { uncertainty }) };
  const structured = scaledOf(clerk, entrant, seed).withStructuredOutput(schema, options);
  return (await structured.solve(asked, CALLS)).map((record, place) => {
    const truth = items[place]?.truth;
    const right = FIELDS.filter((field) => record.object !== null && record.object[field] === truth?.[field]);
    return {
      ...outcomeOf(record),
      right: right.length / FIELDS.length,
      whole: right.length === FIELDS.length,
      invalid: record.object === null,
    };
  });
};

function outcomeOf(record: InputRecord): Omit<Outcome, "right" | "whole" | "invalid"> {
  const { agreement, votes, review, outputTokens, inputTokens, samples } = record;
  return {
    agreement: agreement ?? 0,
    votes: votes.reduce((sum, { count }) => sum + count, 0),
    review: review !== null,
    tokens: (outputTokens ?? 0) + (inputTokens ?? 0),
    samples,
  };
}

function itemsOf<Item>(name: string): Item[] {
  const lines = readFileSync(new URL(`../data/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.slice(0, Number(flags.items)).map((line) => JSON.parse(line) as Item);
}

/** Mean over all runs of every item, in percent. */
function byItem(runs: readonly Outcome[][], value: (outcome: Outcome) => number): number[] {
  return (runs[0] ?? []).map(
    (_, place) => (100 * runs.reduce((sum, run) => sum + value(run[place] as Outcome), 0)) / runs.length,
  );
}

/** Mean over items, with its interval. */
function cell(items: readonly number[]): string {
  const { mean, low, high } = bootstrapMean(items);
  return `${mean.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function average(runs: readonly Outcome[][], value: (outcome: Outcome) => number): string {
  const all = runs.flat().map(value);
  return (all.reduce((sum, each) => sum + each, 0) / all.length).toFixed(1);
}

function judged(run: readonly Outcome[]): JudgedAnswer[] {
  return run.map(({ agreement, votes, whole }, place) => ({
    question: `item ${place}`,
    agreement,
    votes,
    correct: whole,
  }));
}

/** Plays every entrant with every seed; all entrants of a seed are given the same answers. */
async function playAll<Item>(
  name: string,
  items: readonly Item[],
  clerkOf: (items: readonly Item[], seed: number) => Respond,
  entrants: Readonly<Record<string, Entrant>>,
  play: Play<Item>,
): Promise<Map<string, Outcome[][]>> {
  const runs = new Map(Object.keys(entrants).map((entrant) => [entrant, [] as Outcome[][]]));
  for (const seed of SEEDS) {
    const recording = { folder: flags.recordings, name: `${name}_${seed}` };
    const clerk = await askClerk(flags.client, clerkOf(items, seed), recording);
    for (const [entrant, fields] of Object.entries(entrants))
      runs.get(entrant)?.push(await play(items, clerk, fields, seed));
    await clerk.close();
  }
  return runs;
}

function print(title: string, entrants: ReadonlyMap<string, Outcome[][]>): void {
  console.log(`\n### ${title}\n`);
  console.log(
    "| method | samples | tokens | fields right % | all of it right % | … more than the plain majority, item by item | no valid answer % | to review % | wrong among those that stand % |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  const isWhole = ({ whole }: Outcome): number => Number(whole);
  const [, plain = []] = [...entrants.values()].map((runs) => byItem(runs, isWhole));
  for (const [name, runs] of entrants) {
    const whole = byItem(runs, isWhole);
    const gain = whole.map((share, place) => share - (plain[place] as number));
    const standing = runs.flat().filter(({ review }) => !review);
    const wrong = standing.filter((outcome) => !outcome.whole).length / standing.length;
    const cells = [
      name,
      average(runs, ({ samples }) => samples),
      average(runs, ({ tokens }) => tokens),
      cell(byItem(runs, ({ right }) => right)),
      cell(whole),
      cell(gain),
      cell(byItem(runs, ({ invalid }) => Number(invalid))),
      cell(byItem(runs, ({ review }) => Number(review))),
      standing.length === 0 ? "none stands" : `${(100 * wrong).toFixed(1)} of ${standing.length}`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  const voted = [...entrants].filter(([, runs]) => Number(average(runs, ({ samples }) => samples)) > 1);
  printTrust(voted.map(([name, runs]) => ({ name, runs: runs.map(judged) })));
}

const tickets = {
  "single call": single,
  "plain majority": majority,
  "DynScaling, ucb": bandit,
  "DynScaling, vote index": index,
};
print("Tickets", await playAll("tickets", itemsOf<Ticket>("tickets"), ticketClerk, tickets, sortTickets));

const byFields = { vote: byField() };
const fieldwise = { ...byFields, uncertainty: meanOfFields(FIELDS) };
const invoices = {
  "single call": single,
  "plain majority of objects": majority,
  "plain majority by field": { ...majority, ...byFields },
  "DynScaling of objects, ucb": bandit,
  "DynScaling by field, ucb": { ...bandit, ...fieldwise },
  "DynScaling by field, vote index": { ...index, ...byFields },
};
print(
  "Invoices",
  await playAll("invoices", itemsOf<InvoiceItem>("invoices"), invoiceClerk, invoices, readInvoices),
);
