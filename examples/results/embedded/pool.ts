import type { PoolQuestion, RecordedUnit, UnitSample } from "langchain-dynscaling/evaluation";
import { ledgerQuestions } from "langchain-dynscaling/local";
import { grouped } from "./grouped.js";
import type { Block, Kind, Recorded } from "./recording.js";
import { planOf } from "./recording.js";

/**
 * What was recorded as a pool, of the questions of which all `kinds` were recorded. The
 * independent samples are those of `guarded`, whose halves the other kinds share.
 */
export function poolOfBlocks(blocks: readonly Block[], kinds: readonly Kind[], seed: number): PoolQuestion[] {
  const byQuestion = grouped(blocks, ({ id }) => id);
  const gold = new Map(ledgerQuestions({ count: 1000, seed }).map(({ id, answer }) => [id, answer]));
  return [...byQuestion]
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .flatMap(([id, own]) => {
      const units = kinds.map((kind): [string, RecordedUnit[]] => [
        planOf(kind),
        own.filter((block) => block.kind === kind).flatMap((block) => block.units.map(toUnit)),
      ]);
      if (units.some(([, recorded]) => recorded.length === 0)) return [];
      const samples = own
        .filter(({ kind }) => kind === "guarded")
        .flatMap((block) => block.units.flat().filter(({ stage }) => stage === "parallel"))
        .map(({ answer, tokens, inputTokens }) => ({
          answer,
          tokens,
          ...(inputTokens !== null && { inputTokens }),
        }));
      return [{ id, gold: gold.get(id) ?? null, samples, units: Object.fromEntries(units) }];
    });
}

function toUnit(unit: readonly Recorded[]): UnitSample[] {
  return unit.map(({ stage, purpose, parents, answer, tokens, inputTokens, text }) => ({
    answer,
    tokens,
    ...(inputTokens !== null && { inputTokens }),
    stage,
    purpose,
    parents,
    ...(purpose === "score" && { text }),
  }));
}
