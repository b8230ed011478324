import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import {
  randomAllocation,
  selfConsistency,
  sp1,
  sp2,
  sp3,
  withoutDynamicAllocation,
} from "../../src/baselines/index.js";
import {
  evaluate,
  formatPool,
  inPasses,
  parsePool,
  poolOf,
  replay,
  unitPlanOf,
  withReplacement,
  withoutReplacement,
} from "../../src/evaluation/index.js";
import type { Draw, PoolQuestion, ReplayOptions, Run } from "../../src/evaluation/index.js";
import { DEFAULT_METHOD } from "../../src/method.js";
import type { MethodFields } from "../../src/method.js";
import { bare } from "../../src/prompts/index.js";
import { allResponses, integrated } from "../../src/samplers/index.js";
import { inverseMargin } from "../../src/uncertainty/index.js";
import { openStream } from "../laws/arbitrary.js";
import { ScriptedModel } from "../support/scripted_model.js";

const dataset = Array.from({ length: 6 }, (_, place) => ({
  id: `q${place}`,
  question: `Question ${place}?`,
  answer: "1",
}));

/** Says the same at the n-th call of a question, however these were spread over rounds; harder from question to question. */
function countingModel(seed: number): ScriptedModel {
  const calls = new Map<string, number>();
  return new ScriptedModel(({ question }) => {
    const n = calls.get(question) ?? 0;
    calls.set(question, n + 1);
    const place = Number(/\d+/.exec(question)?.[0]);
    const random = openStream(seed + 1000 * place + n);
    const answer = random() < 1 - 0.12 * place ? 1 : 2 + Math.floor(3 * random());
    const content = `Score: ${10 * Math.floor(9 * random())}. \\boxed{${answer}}`;
    const [input, output] = [10 + place, 20 + n];
    const usage_metadata = { input_tokens: input, output_tokens: output, total_tokens: input + output };
    return new AIMessage({ content, usage_metadata });
  });
}

async function live(
  methods: Record<string, MethodFields>,
  samplesPerInput: number,
  seed: number,
): Promise<Run[]> {
  const runs: Run[] = [];
  const model = countingModel(seed);
  for await (const run of evaluate({
    model,
    dataset,
    methods,
    samplesPerInput: [samplesPerInput],
    seeds: [seed],
  }))
    runs.push(run);
  return runs;
}

const inOrder: Draw = { name: "inOrder", open: (items) => (n) => items[n] };

function replayed(pool: readonly PoolQuestion[], options: Partial<ReplayOptions>): Run[] {
  return [...replay({ pool, methods: {}, samplesPerInput: [16], ...options } as ReplayOptions)];
}

/** What the votes and the spend were, question by question. */
const outcome = ([run]: readonly Run[]): unknown =>
  run?.questions.map(({ standings, samples }) => [
    standings,
    samples.map(({ round, stage, purpose, answer }) => [round, stage, purpose, answer]),
  ]);

const even = withoutDynamicAllocation();

describe("replaying recorded units", () => {
  it.each([
    ["dynscaling", even, { ...DEFAULT_METHOD }, 16],
    ["another measure", even, { ...DEFAULT_METHOD, uncertainty: inverseMargin }, 24],
    ["random allocation", even, randomAllocation(), 16],
    ["an even split", even, even, 32],
    ["sp1", sp1(), sp1(), 10],
    ["sp2 from its own chains", sp2(), sp2(), 12],
    ["sp2 from the beginnings of sp3's chains", sp3(), sp2(), 3],
    ["sp3, whose scores vote", sp3(), sp3(), 16],
  ] as const)("gives the votes and the spend of a live run: %s", async (_what, recorded, method, budget) => {
    for (const seed of [1, 2, 3]) {
      const pool = poolOf(await live({ recorded }, 96, seed));
      const run = replayed(pool, {
        methods: { method },
        samplesPerInput: [budget],
        seeds: [seed],
        draw: inOrder,
      });
      expect(outcome(run)).toEqual(outcome(await live({ method }, budget, seed)));
    }
  });

  it("draws whole units, and quotes what was quoted when they were recorded", async () => {
    const pool = poolOf(await live({ even }, 32, 5));
    for (const draw of [withReplacement, inPasses]) {
      const [run] = replayed(pool, { methods: { d: { ...DEFAULT_METHOD } }, samplesPerInput: [64], draw });
      for (const [place, { samples }] of (run?.questions ?? []).entries()) {
        const known = Object.values(pool[place]?.units ?? {}).flat();
        for (let start = 0; start < samples.length; start += 8) {
          const unit = samples.slice(start, start + 8);
          const drawn = unit.map(({ answer, parents }) => [answer, parents.map((parent) => parent - start)]);
          expect(known.map((own) => own.map(({ answer, parents }) => [answer, parents]))).toContainEqual(
            drawn,
          );
        }
      }
    }
  });

  it("draws each unit once in a pass, and again only when all were drawn", async () => {
    const pool = poolOf(await live({ even }, 32, 5)).map((question, place) => ({
      ...question,
      units: Object.fromEntries(
        Object.entries(question.units ?? {}).map(([plan, units]) => [
          plan,
          units.map((unit, number) => unit.map((sample) => ({ ...sample, answer: `${place} ${number}` }))),
        ]),
      ),
    }));
    const counts = (draw: Draw, samplesPerInput: number): number[] => {
      const [run] = replayed(pool, { methods: { even }, samplesPerInput: [samplesPerInput], draw });
      return (run?.questions ?? []).map(({ samples }) => new Set(samples.map(({ answer }) => answer)).size);
    };
    expect(counts(inPasses, 32)).toEqual(dataset.map(() => 4));
    expect(counts(inPasses, 64)).toEqual(dataset.map(() => 4));
    expect(counts(withoutReplacement, 24)).toEqual(dataset.map(() => 3));
    const [spent] = replayed(pool, { methods: { even }, samplesPerInput: [64], draw: withoutReplacement });
    expect(spent?.questions.map(({ samples }) => samples.length)).toEqual(dataset.map(() => 32));
  });

  it("has independent samples alone where the budget holds no whole unit, and spends it all", async () => {
    const pool = poolOf(await live({ even }, 32, 6));
    const [run] = replayed(pool, { methods: { even }, samplesPerInput: [14] });
    for (const { samples } of run?.questions ?? [])
      expect(samples.map(({ stage }) => stage[0]).join("")).toBe("ppppsssspppppp");
  });

  it("serves methods without chains from all independent samples", async () => {
    const pool = poolOf(await live({ even }, 32, 7));
    expect(pool[0]?.samples).toHaveLength(16);
    const [run] = replayed(pool, { methods: { bon: selfConsistency() }, draw: withoutReplacement });
    expect(run?.questions.every(({ samples }) => samples.every(({ stage }) => stage === "parallel"))).toBe(
      true,
    );
  });

  it.each([
    [
      "another chain prompt",
      { sampler: integrated({ prompt: bare }) },
      /holds units of ".*guarded.*", not of ".*bare/,
    ],
    ["another unit size", { ...DEFAULT_METHOD, unitSamples: 4 }, /answer after 2 \(guarded\)/],
    ["shorter chains", { sampler: integrated({ thoughtLength: 2 }) }, /not of "answer.*after 2/],
    ["other chains", sp1(), /not of "answer \| answer after 1 \(wait\)"/],
    [
      "chains that quote earlier units",
      { sampler: integrated({ thoughtPool: allResponses }) },
      /do not stand alone/,
    ],
  ] as [string, MethodFields, RegExp][])("refuses %s", async (_what, method, message) => {
    const pool = poolOf(await live({ even }, 16, 8));
    expect(() => replayed(pool, { methods: { method } })).toThrow(message);
  });
});

describe("a pool with units", () => {
  it("is written and read again, with or without its independent samples", async () => {
    const pool = poolOf(await live({ even, sp3: sp3() }, 16, 9));
    expect(Object.keys(pool[0]?.units ?? {})).toHaveLength(2);
    expect(parsePool(formatPool(pool))).toEqual(pool);
    const bareLines = pool.map(({ samples: _left, ...rest }) => JSON.stringify(rest)).join("\n");
    expect(parsePool(bareLines).map(({ samples }) => samples.length)).toEqual(dataset.map(() => 8 + 4));
  });

  it("holds no unit that was cut short or had a failed call", async () => {
    const [run] = await live({ even }, 20, 10);
    expect(Object.values(poolOf([run as Run])[0]?.units ?? {}).flat()).toHaveLength(2);
    const questions = (run as Run).questions.map((question) => ({
      ...question,
      samples: question.samples.map((sample, place) => ({ ...sample, failed: place === 3 })),
    }));
    expect(Object.values(poolOf([{ ...(run as Run), questions }])[0]?.units ?? {}).flat()).toHaveLength(1);
  });

  it("tells what a unit asks, whatever its allocator and vote", () => {
    expect(unitPlanOf({ ...DEFAULT_METHOD, unitSamples: 3 })).toBe(
      "answer | answer | answer after 2 (guarded)",
    );
    expect(unitPlanOf({ ...DEFAULT_METHOD, ...sp2() })).toBe(
      "answer | feedback after 1 (critique) | answer after 2 (revise)",
    );
    expect(unitPlanOf({ ...DEFAULT_METHOD, ...selfConsistency(), unitSamples: 2 })).toBe("answer | answer");
    expect(
      unitPlanOf({ sampler: integrated({ thoughtPool: allResponses }), unitSamples: 8 }),
    ).toBeUndefined();
    const broken = {
      name: "broken",
      plan: () => {
        throw new Error("not without responses");
      },
    };
    expect(unitPlanOf({ sampler: broken, unitSamples: 8 })).toBeUndefined();
    const later = integrated();
    const changing: typeof later = {
      name: "changing",
      plan: (arm, pulls, random) =>
        arm.unitStart === 0 ? [{ stage: "parallel", parents: [] }] : later.plan(arm, pulls, random),
    };
    expect(unitPlanOf({ sampler: changing, unitSamples: 8 })).toBeUndefined();
  });

  const good = { answer: "1", tokens: 5, stage: "parallel", purpose: "answer", parents: [] };
  it.each([
    ["no lists", [1]],
    ["another number of samples than asked", { "answer | answer": [[good]] }],
    ["no unit", { answer: [] }],
    [
      "a sample that quotes a later one",
      { "answer | answer": [[good, { ...good, stage: "sequential", parents: [1] }]] },
    ],
    ["a conditioned sample that quotes nothing", { answer: [[{ ...good, stage: "sequential" }]] }],
    ["an unknown purpose", { answer: [[{ ...good, purpose: "song" }]] }],
    ["an answer that is no text", { answer: [[{ ...good, answer: 1 }]] }],
  ])("is refused with its line if a unit has %s", (_what, units) => {
    const line = JSON.stringify({ id: "q", samples: [good], units });
    expect(() => parsePool(line)).toThrow(/line 1.*"units" must be/);
    expect(() => parsePool(JSON.stringify({ id: "q", units: { answer: [[good]] } }))).not.toThrow();
  });
});
