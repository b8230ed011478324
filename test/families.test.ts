import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as allocators from "../src/allocators/index.js";
import type { Allocator, Sample, Sampler } from "../src/core/types.js";
import * as extractors from "../src/extractors/index.js";
import * as prompts from "../src/prompts/index.js";
import * as samplers from "../src/samplers/index.js";
import * as uncertainty from "../src/uncertainty/index.js";
import * as voting from "../src/voting/index.js";
import { allocatorLaws } from "./laws/allocator.js";
import type { Laws } from "./laws/arbitrary.js";
import { extractorLaws } from "./laws/extractor.js";
import type { Extractor } from "./laws/extractor.js";
import { samplerLaws } from "./laws/sampler.js";
import { uncertaintyLaws } from "./laws/uncertainty.js";
import { votingLaws } from "./laws/voting.js";
import type { Voting } from "./laws/voting.js";

/** Exports of a family index that are no members of the family. */
const HELPERS: Record<string, readonly string[]> = {
  allocators: ["ranked", "DEFAULT_ROUND_SHARE"],
  samplers: ["allResponses", "byFeedback", "byFeedbackScored", "ownUnit", "triggered"],
  uncertainty: [],
  voting: ["chainEnds", "conditionedOnly", "drawn", "earliest", "everyResponse", "windowMajority"],
  extractors: [],
  prompts: ["chainTurns", "refinementTurns"],
};

/** Exports of files in a family folder that stay inside it. */
const INTERNAL: Record<string, readonly string[]> = {
  allocators: [
    "answerCounts",
    "drawBeta",
    "expectedCost",
    "largestShareChance",
    "leaderProbability",
    "rankedBy",
    "indexByInduction",
    "indexByNormal",
    "urnIndex",
    "voteIndexOf",
  ],
  samplers: ["isQuotable", "parallelRequests"],
  prompts: ["CUT_MARK", "cutThought", "filledText", "filledTurns", "requireThoughtLimit", "wellFormed"],
  extractors: [
    "canonicalMaths",
    "canonicalNumber",
    "plainText",
    "readMaths",
    "tokensOf",
    "lastAnswerLine",
    "lastBoxed",
    "called",
    "inWords",
    "BROKEN_OFF",
    "mayRead",
    "wholeLines",
    "isCall",
    "PARALLEL",
    "finishReason",
    "isCutOff",
    "sortedJson",
    "lastObjects",
  ],
};

type Makers<Member> = Record<string, () => Member>;

/** Every factory of the index that needs no argument and returns something with `method`. */
function madeFrom<Member extends object>(index: object, method: keyof Member): Makers<Member> {
  const found: Makers<Member> = {};
  for (const [name, exported] of Object.entries(index)) {
    const make = (): unknown => (typeof exported === "function" ? exported() : undefined);
    try {
      const made = make();
      if (typeof made === "object" && made !== null && method in made) found[name] = make as () => Member;
    } catch {
      // It needs arguments: no member, so `HELPERS` has to name it.
    }
  }
  return found;
}

/** Every function of the index that is a member itself. */
function taken<Member>(index: Record<string, unknown>, names: readonly string[]): Makers<Member> {
  return Object.fromEntries(names.map((name) => [name, () => index[name] as Member]));
}

const allocatorMembers = madeFrom<Allocator>(allocators, "allocate");
const samplerMembers = madeFrom<Sampler>(samplers, "plan");
const measures = taken<typeof uncertainty.variationRatio>(uncertainty, Object.keys(uncertainty));

const conditionedElseAll = (samples: readonly Sample[]): readonly Sample[] => {
  const sound = samples.filter(({ error }) => error === undefined);
  const conditioned = sound.filter(({ stage, answer }) => stage === "sequential" && answer !== null);
  return conditioned.length > 0 ? conditioned : sound;
};
const endsOfChains = (samples: readonly Sample[]): readonly Sample[] => {
  const sound = samples.filter(({ error }) => error === undefined);
  return sound.filter(
    ({ index }) => !sound.some(({ parents, answer }) => answer !== null && parents.includes(index)),
  );
};
const { chainEnds, conditionedOnly, drawn, majorityOf } = voting;
const rules: Makers<Voting> = {
  majority: () => ({ rule: voting.majority, voters: (samples) => samples }),
  majorityOf: () => ({ rule: majorityOf({ ties: drawn }), voters: (samples) => samples }),
  "majorityOf with conditionedOnly": () => ({
    rule: majorityOf({ voters: conditionedOnly }),
    voters: conditionedElseAll,
  }),
  "majorityOf with chainEnds": () => ({ rule: majorityOf({ voters: chainEnds }), voters: endsOfChains }),
  scoreWeighted: () => ({ rule: voting.scoreWeighted, voters: endsOfChains }),
  "majorityOf with conditionedOnly and drawn": () => ({
    rule: majorityOf({ voters: conditionedOnly, ties: drawn }),
    voters: conditionedElseAll,
  }),
};

const promptMembers = taken<{ name: string }>(
  prompts,
  Object.keys(prompts).filter((name) => !HELPERS["prompts"]?.includes(name)),
);

const factories: Makers<Extractor> = {
  json: () => extractors.json("answer"),
  pattern: () => extractors.pattern(/answer(?: is|:)? *(.*)/gi),
  "pattern without a group": () => extractors.pattern(/[^\s{}]+/y),
  toolCalls: () => extractors.toolCalls(),
  oneOf: () => extractors.oneOf(["answer b", "B", "5"]),
  someOf: () => extractors.someOf(["answer b", "B", "5"]),
};
const readers: Makers<Extractor> = {
  ...taken<Extractor>(
    extractors,
    Object.keys(extractors).filter((name) => !(name in factories)),
  ),
  ...factories,
};

function testLaws<Member>(laws: Laws<Member>, members: Makers<Member>): void {
  describe.each(Object.entries(members))("%s", (_name, make) => {
    // eslint-disable-next-line vitest/expect-expect -- the laws assert
    it.each(Object.entries(laws))("%s", (_law, check) => check(make));
  });
}

describe("allocators", () => {
  testLaws(allocatorLaws, {
    ...allocatorMembers,
    "ranked by any priority": () =>
      allocators.ranked({ name: "mine", roundShare: 0.6, priority: ({ samples }) => -(samples.length % 3) }),
  });
});
describe("samplers", () => {
  testLaws(samplerLaws, {
    ...samplerMembers,
    "integrated with allResponses": () =>
      samplers.integrated({ thoughtLength: 3, thoughtPool: samplers.allResponses }),
  });
});
describe("uncertainty", () => {
  testLaws(uncertaintyLaws, measures);
});
describe("voting", () => {
  testLaws(votingLaws, rules);
});
describe("extractors", () => {
  testLaws(extractorLaws, readers);
});

const families: [name: string, index: Record<string, unknown>, members: object][] = [
  ["allocators", allocators, allocatorMembers],
  ["samplers", samplers, samplerMembers],
  ["uncertainty", uncertainty, measures],
  ["voting", voting, rules],
  ["extractors", extractors, readers],
  ["prompts", prompts, promptMembers],
];

describe.each(families)("the index of %s", (family, index, members) => {
  const helpers = HELPERS[family] ?? [];
  const internal = new Set(INTERNAL[family]);

  it("holds everything its folder exports, under the same name", async () => {
    // Folders inside a family hold what its members are made of.
    const files = readdirSync(new URL(`../src/${family}`, import.meta.url)).filter((file) =>
      file.endsWith(".ts"),
    );
    const modules = await Promise.all(
      files.map((file): Promise<object> => import(`../src/${family}/${file.replace(/\.ts$/, "")}.ts`)),
    );
    const exported = modules.flatMap((module) => Object.entries(module));
    expect(exported.filter(([name]) => !internal.has(name))).toEqual(
      expect.arrayContaining(Object.entries(index)),
    );
    expect(exported.filter(([name, value]) => index[name] !== value && !internal.has(name))).toEqual([]);
  });

  it("exports nothing but members that the laws run over and named helpers", () => {
    const known = new Set([...Object.keys(members), ...helpers]);
    expect(Object.keys(index).filter((name) => !known.has(name))).toEqual([]);
    expect(helpers.filter((name) => name in members || !(name in index))).toEqual([]);
  });
});

describe("a name in traces", () => {
  it("is the name of the factory, or of the prompt", () => {
    const named = {
      ...allocatorMembers,
      ...samplerMembers,
      ...promptMembers,
    };
    for (const [name, make] of Object.entries(named)) expect(make().name).toBe(name);
  });
});
