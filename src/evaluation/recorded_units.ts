import { OptionError } from "../core/errors.js";
import type { Arm, SampleRequest, Sampler } from "../core/types.js";
import { parallelRequests } from "../samplers/requests.js";
import type { PoolQuestion } from "./pool.js";
import { unitsFor } from "./units.js";
import type { RecordedUnit, UnitSample } from "./units.js";

/** A request that says which recorded response will answer it. */
export interface RecordedRequest extends SampleRequest {
  recorded: UnitSample;
}

/** A recording in the place of a sampler. */
export interface UnitSampler {
  sampler: Sampler;
  /** Whether the arm is within a unit, or there is another one for it. */
  hasMore(arm: Arm): boolean;
}

/** A prompt that was sent when the recording was made. */
const SENT = { name: "recorded" };

/**
 * Asks what the recorded units asked, wave by wave: each unit of an arm is the next one
 * that is drawn for it, and quotes what it quoted then. A unit that the budget cuts
 * short from its beginning has independent samples alone.
 *
 * @param length samples of a whole unit
 * @param draws the n-th unit (from 0) of each question
 */
export function recordedUnits(
  name: string,
  length: number,
  draws: readonly ((n: number) => RecordedUnit | undefined)[],
): UnitSampler {
  const begun = draws.map(() => ({ units: 0, unitStart: -1 }));
  const unitAt = (index: number, n: number): RecordedUnit | undefined => draws[index]?.(n);
  return {
    sampler: {
      name,
      plan(arm, pulls): readonly SampleRequest[] {
        const done = arm.samples.length - arm.unitStart;
        if (done + pulls < length) return parallelRequests(pulls);
        const state = begun[arm.index] as { units: number; unitStart: number };
        if (state.unitStart !== arm.unitStart) {
          state.units += 1;
          state.unitStart = arm.unitStart;
        }
        const rest = (unitAt(arm.index, state.units - 1) ?? []).slice(done);
        const later = rest.findIndex(({ parents }) => parents.some((parent) => parent >= done));
        return (later < 0 ? rest : rest.slice(0, later)).map((recorded): RecordedRequest => {
          const { stage, purpose, parents } = recorded;
          const quoted = parents.map((parent) => arm.unitStart + parent);
          return { stage, purpose, parents: quoted, prompt: SENT, recorded };
        });
      },
    },
    hasMore({ index, samples, unitStart }) {
      const done = samples.length - unitStart;
      return (done > 0 && done < length) || unitAt(index, begun[index]?.units ?? 0) !== undefined;
    },
  };
}

/**
 * The units of every question that can stand for those of a plan.
 *
 * @throws {OptionError} if a question has none
 */
export function requireUnits(
  option: string,
  samplerName: string,
  plan: string,
  pool: readonly PoolQuestion[],
): (readonly RecordedUnit[])[] {
  return pool.map(({ id, units = {} }) => {
    const own = unitsFor(units, plan);
    if (own.length > 0) return own;
    const known = Object.keys(units);
    const holds =
      known.length === 0
        ? "holds no conditioned samples"
        : `holds units of ${known.map((each) => `"${each}"`).join(", ")}, not of "${plan}"`;
    throw new OptionError(
      option,
      samplerName,
      `The recording of question ${id} ${holds}: use independent(), or evaluate() with a model.`,
    );
  });
}
