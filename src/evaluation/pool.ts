import { OptionError } from "../core/errors.js";
import { canonicalAnswer } from "../extractors/canonical.js";
import { readJsonLines, unreadable } from "./json_lines.js";
import { UNITS, readSample, readUnits } from "./read_units.js";
import type { Run } from "./run.js";
import { unitsOf } from "./units.js";
import type { RecordedUnit, UnitsByPlan } from "./units.js";

/** One recorded response. */
export interface PoolSample {
  /** Votes as it is spelled; `parsePool` spells equal answers alike. `null`: no answer could be read. */
  answer: string | null;
  /** Output tokens; `null` if unknown. */
  tokens: number | null;
  /** Absent if unknown. */
  inputTokens?: number;
}

/** One question with its recorded responses. */
export interface PoolQuestion {
  /** Unique within the pool. */
  id: string;
  /** Gold answer; `null` if unknown. */
  gold: string | null;
  /** At least one, all asked independently; those of `units` are among them. */
  samples: readonly PoolSample[];
  /** Whole units with conditioned samples, by what they ask; see `unitPlanOf`. */
  units?: UnitsByPlan;
}

/**
 * Reads a recorded pool: one JSON object a line, `{"id", "gold", "samples":
 * [{"answer", "tokens"}]}`, and `"units"` if conditioned samples are to be replayed too; of
 * a question with units, `"samples"` may be left out. Empty lines are skipped; further
 * fields are ignored. Answers of a question with one canonical form (`1/2`, `\frac{1}{2}`)
 * vote together, in the spelling that stands first.
 *
 * @throws {OptionError} that names the first line which cannot be read, or a repeated id
 */
export function parsePool(text: string): PoolQuestion[] {
  const pool = readJsonLines(text, readQuestion);
  const ids = new Set<string>();
  for (const { id } of pool) {
    if (ids.has(id)) throw new OptionError("pool", id, "This id stands on two lines; ids must differ.");
    ids.add(id);
  }
  if (pool.length === 0) throw new OptionError("pool", "", "It holds no question.");
  return pool;
}

/** Writes a pool in the form that `parsePool` reads. */
export function formatPool(pool: readonly PoolQuestion[]): string {
  return pool.map((question) => `${JSON.stringify(question)}\n`).join("");
}

/**
 * The samples of live runs as a pool, to be replayed at no cost: all independent ones,
 * and the whole units of methods that condition samples on others. Failed calls are left
 * out, and so are questions without an independent sample. An allocator that stops at
 * questions which look settled records them as more settled than they are: let
 * `uniform()` record units.
 */
export function poolOf(runs: Iterable<Run>): PoolQuestion[] {
  const pool = new Map<string, { question: PoolQuestion; samples: PoolSample[]; units: Draft }>();
  for (const run of runs) {
    for (const { id, gold, samples } of run.questions) {
      const known = pool.get(id) ?? { question: { id, gold, samples: [] }, samples: [], units: {} };
      pool.set(id, known);
      for (const { stage, purpose, failed, answer, inputTokens, outputTokens } of samples) {
        if (stage === "parallel" && purpose === "answer" && !failed)
          known.samples.push({
            answer,
            tokens: outputTokens,
            ...(inputTokens !== null && { inputTokens }),
          });
      }
      const units = unitsOf(run, samples);
      if (run.unitPlan !== undefined && units.length > 0) (known.units[run.unitPlan] ??= []).push(...units);
    }
  }
  return [...pool.values()]
    .filter(({ samples }) => samples.length > 0)
    .map(({ question, samples, units }) => ({
      ...question,
      samples,
      ...(Object.keys(units).length > 0 && { units }),
    }));
}

type Draft = Record<string, RecordedUnit[]>;

function readQuestion(fields: Record<string, unknown>, number: number, line: string): PoolQuestion {
  const { id = String(number), gold = null } = fields;
  if (typeof id !== "string" && typeof id !== "number")
    throw unreadable(number, line, '"id" must be a text or a number.');
  if (gold !== null && typeof gold !== "string" && typeof gold !== "number")
    throw unreadable(number, line, '"gold" must be a text, a number or null.');
  const units = fields["units"] === undefined ? undefined : readUnits(fields["units"]);
  if (units === null) throw unreadable(number, line, `"units" must be ${UNITS}.`);
  const { samples = units && independentOf(units) } = fields;
  if (!Array.isArray(samples) || samples.length === 0)
    throw unreadable(number, line, '"samples" must be a list of at least one response.');
  const spelled = firstSpelling();
  const read = samples.map((sample: unknown): PoolSample => {
    const known = readSample(sample);
    if (known === null)
      throw unreadable(number, line, 'A sample is {"answer": text or null, "tokens": number or null}.');
    return spelled(known);
  });
  return {
    id: String(id),
    gold: gold === null ? null : String(gold),
    samples: read,
    ...(units && { units: spelledUnits(units, spelled) }),
  };
}

type Spelled = <S extends PoolSample>(sample: S) => S;

/** Grading takes answers of one canonical form for one, and so must the vote. */
function firstSpelling(): Spelled {
  const spellings = new Map<string, string>();
  return (sample) => {
    if (sample.answer === null) return sample;
    const known = spellings.get(sample.answer);
    if (known !== undefined) return { ...sample, answer: known };
    const form = canonicalAnswer(sample.answer) ?? sample.answer;
    const answer = spellings.get(form) ?? sample.answer;
    spellings.set(form, answer).set(sample.answer, answer);
    return { ...sample, answer };
  };
}

function spelledUnits(units: UnitsByPlan, spelled: Spelled): UnitsByPlan {
  return Object.fromEntries(
    Object.entries(units).map(([plan, own]) => [plan, own.map((unit) => unit.map(spelled))]),
  );
}

function independentOf(units: UnitsByPlan): PoolSample[] {
  return Object.values(units)
    .flat(2)
    .filter(({ stage, purpose }) => stage === "parallel" && purpose === "answer");
}
