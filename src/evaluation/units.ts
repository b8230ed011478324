import { randomStreams } from "../core/random.js";
import type { Method } from "../core/rounds.js";
import type { Arm, Purpose, Sample, SampleRequest, Stage } from "../core/types.js";
import type { PoolSample } from "./pool.js";
import type { Run, RunSample } from "./run.js";

/** One recorded response of a unit. */
export interface UnitSample extends PoolSample {
  stage: Stage;
  purpose: Purpose;
  /** Places, within the unit, of the responses that it quotes. */
  parents: readonly number[];
  /** What was said; needed of scores alone. */
  text?: string;
}

/** The responses of one unit, in the order asked; none quotes anything beyond it. */
export type RecordedUnit = readonly UnitSample[];

/** The units of a question by what was asked; see `unitPlanOf`. */
export type UnitsByPlan = Readonly<Record<string, readonly RecordedUnit[]>>;

const SEPARATOR = " | ";

/**
 * What one unit of a method asks, call by call, such as `answer | answer | answer
 * after 2 (guarded)`. Two methods with the same text ask for the same units, whatever
 * their allocators, measures and votes: a unit that one recorded is a fair draw for the
 * other.
 *
 * @returns `undefined` if units quote beyond themselves, or the sampler cannot tell without real responses
 */
export function unitPlanOf({
  sampler,
  unitSamples,
}: Pick<Method, "sampler" | "unitSamples">): string | undefined {
  const random = randomStreams(0)();
  const samples: Sample[] = [];
  const plans: string[] = [];
  try {
    // The first unit has nothing beyond itself that it could quote.
    for (const unitStart of [0, unitSamples]) {
      const asked: SampleRequest[] = [];
      while (asked.length < unitSamples) {
        const arm: Arm = { index: 0, question: "", samples, unitStart, inFlight: 0, uncertainty: 1 };
        const requests = sampler.plan(arm, unitSamples - asked.length, random);
        if (
          requests.length === 0 ||
          requests.some(({ parents }) => parents.some((parent) => parent < unitStart))
        )
          return undefined;
        asked.push(...requests);
        samples.push(...requests.map((request, place) => imagined(request, samples.length + place)));
      }
      plans.push(asked.map(describe).join(SEPARATOR));
    }
  } catch {
    return undefined;
  }
  return plans[0] === plans[1] ? plans[0] : undefined;
}

function imagined({ stage, purpose = "answer", parents }: SampleRequest, index: number): Sample {
  return { text: "1", answer: "1", usage: {}, index, round: 0, stage, purpose, parents };
}

function describe({ purpose = "answer", parents, prompt }: SampleRequest): string {
  if (parents.length === 0) return purpose;
  const name = (prompt as { name?: unknown } | undefined)?.name;
  return `${purpose} after ${parents.length} (${String(name)})`;
}

/** Whether units of this plan hold conditioned samples. */
export function isConditioned(plan: string): boolean {
  return plan.includes(" after ");
}

/** Number of calls of a unit. */
export function unitLength(plan: string): number {
  return plan.split(SEPARATOR).length;
}

/**
 * The recorded units that can stand for those of a plan: recorded by the same plan, or
 * by one that begins alike, of which the first samples are taken.
 */
export function unitsFor(units: UnitsByPlan, plan: string): readonly RecordedUnit[] {
  const length = unitLength(plan);
  return Object.entries(units).flatMap(([known, recorded]) =>
    known === plan
      ? recorded
      : known.startsWith(plan + SEPARATOR)
        ? recorded.map((unit) => unit.slice(0, length))
        : [],
  );
}

/**
 * The whole units of one question in a live run. Units that the budget cut short, and
 * those with a failed call, are left out.
 */
export function unitsOf({ unitPlan }: Run, samples: readonly RunSample[]): RecordedUnit[] {
  if (unitPlan === undefined || !isConditioned(unitPlan)) return [];
  const rounds = new Map<number, { start: number; samples: RunSample[] }>();
  for (const [place, sample] of samples.entries()) {
    const known = rounds.get(sample.round) ?? { start: place, samples: [] };
    known.samples.push(sample);
    rounds.set(sample.round, known);
  }
  return [...rounds.values()]
    .filter(({ samples: own }) => own.length === unitLength(unitPlan) && !own.some(({ failed }) => failed))
    .map(({ start, samples: own }) => own.map((sample) => toUnitSample(sample, start)));
}

function toUnitSample(sample: RunSample, start: number): UnitSample {
  const { stage, purpose, parents, answer, outputTokens, inputTokens, text } = sample;
  return {
    answer,
    tokens: outputTokens,
    ...(inputTokens !== null && { inputTokens }),
    stage,
    purpose,
    parents: parents.map((parent) => parent - start),
    ...(text !== undefined && { text }),
  };
}
