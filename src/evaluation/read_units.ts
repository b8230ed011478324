import type { PoolSample } from "./pool.js";
import { unitLength } from "./units.js";
import type { RecordedUnit, UnitSample, UnitsByPlan } from "./units.js";

/** What a message says that `readUnits` expects. */
export const UNITS =
  'lists of units by what they ask, as --pool of dynscaling eval writes them; a unit is a list of {"answer", "tokens", "stage", "purpose", "parents"}';

/** @returns `null` if it is no sample */
export function readSample(sample: unknown): PoolSample | null {
  const { answer, tokens = null, inputTokens } = (sample ?? {}) as Record<string, unknown>;
  if (answer !== null && typeof answer !== "string") return null;
  if (tokens !== null && !isAmount(tokens)) return null;
  if (inputTokens !== undefined && !isAmount(inputTokens)) return null;
  return {
    answer: answer === "" ? null : answer,
    tokens,
    ...(inputTokens !== undefined && { inputTokens }),
  };
}

/** @returns `null` if they are no units */
export function readUnits(value: unknown): UnitsByPlan | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const read = Object.entries(value).map(([plan, units]): [string, RecordedUnit[]] | null => {
    const own = Array.isArray(units) ? units.flatMap((unit) => readUnit(unit, unitLength(plan)) ?? []) : [];
    return own.length > 0 && own.length === (units as unknown[]).length ? [plan, own] : null;
  });
  const sound = read.flatMap((entry) => (entry === null ? [] : [entry]));
  return sound.length === read.length ? Object.fromEntries(sound) : null;
}

/** Wrapped, so that a list of units stays one of units. */
function readUnit(unit: unknown, length: number): [RecordedUnit] | null {
  if (!Array.isArray(unit) || unit.length !== length) return null;
  const samples = unit.flatMap((sample, place) => readUnitSample(sample, place) ?? []);
  return samples.length === length ? [samples] : null;
}

function readUnitSample(value: unknown, place: number): UnitSample | null {
  const sample = readSample(value);
  if (sample === null) return null;
  const { stage, purpose, parents, text } = value as Record<string, unknown>;
  if (stage !== "parallel" && stage !== "sequential") return null;
  if (purpose !== "answer" && purpose !== "feedback" && purpose !== "score") return null;
  const isEarlier = (parent: unknown): parent is number =>
    Number.isInteger(parent) && (parent as number) >= 0 && (parent as number) < place;
  if (!Array.isArray(parents) || !parents.every(isEarlier)) return null;
  // Whoever quotes nothing is asked on its own.
  if ((parents.length === 0) !== (stage === "parallel")) return null;
  if (text !== undefined && typeof text !== "string") return null;
  return { ...sample, stage, purpose, parents, ...(text !== undefined && { text }) };
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
