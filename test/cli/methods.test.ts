import { describe, expect, it } from "vitest";
import { ALLOCATORS, METHODS } from "../../src/cli/families.js";
import { parseMethods } from "../../src/cli/methods.js";
import { parseAllocator } from "../../src/cli/tuning.js";
import { UsageError } from "../../src/cli/usage_error.js";
import type { Arm, Sample, SampleRequest, Stage } from "../../src/core/types.js";
import type { MethodFields } from "../../src/method.js";
import { inverseMargin } from "../../src/uncertainty/index.js";

function only(spec: string): MethodFields {
  const [[name, fields] = ["", {}], ...rest] = Object.entries(parseMethods(spec));
  expect(name).toBe(spec);
  expect(rest).toEqual([]);
  return fields;
}

function sampleOf(index: number, answer: string, stage: Stage = "parallel"): Sample {
  return { index, round: 0, stage, purpose: "answer", parents: [], text: answer, answer, usage: {} };
}

/** An arm with this uncertainty and number of samples; those of its unit are the last four. */
function arm(index: number, uncertainty: number, count: number): Arm {
  const samples = Array.from({ length: count }, (_, place) => sampleOf(place, "a"));
  return { index, uncertainty, samples, question: "", unitStart: count - 4, inFlight: 0 };
}

const context = {
  usedSamples: 100,
  unitSamples: 8,
  pulls: 1000,
  arms: 4,
  slots: Infinity,
  meanOutputTokens: null,
  random: () => 0,
};

describe("a METHOD on the command line", () => {
  it.each(Object.keys(METHODS))("is %s as it is, or with another unit", (name) => {
    const { unitSamples: _unit, ...parts } = only(name);
    const changed = only(`${name}+unit=3`);
    expect(changed.unitSamples).toBe(3);
    expect(changed.sampler?.name).toBe(parts.sampler?.name);
    expect(changed.allocator?.name).toBe(parts.allocator?.name);
  });

  it("keeps its order, and takes blanks around commas", () => {
    expect(Object.keys(parseMethods("sp1, dynscaling ,dynscaling+bare"))).toEqual([
      "sp1",
      "dynscaling",
      "dynscaling+bare",
    ]);
  });

  it("changes allocator and uncertainty", () => {
    const fields = only("withoutIntegratedSampling+inverseMargin+random");
    expect(fields.uncertainty).toBe(inverseMargin);
    expect(fields.allocator?.name).toBe("random");
    expect(fields.sampler?.name).toBe("independent");
  });

  it("changes exploration ratio and top-ranked share of ucb, also where it put ucb in", () => {
    for (const spec of ["withoutIntegratedSampling+c=2+share=0.5", "selfConsistency+ucb+share=.5+c=2"]) {
      const { allocator } = only(spec);
      const arms = [arm(0, 0.5, 4), arm(1, 0.25, 4), arm(2, 0, 4), arm(3, 0.75, 4)];
      expect(allocator?.priority?.(arms[0] as Arm, context)).toBeCloseTo(
        0.5 + 2 * Math.sqrt(Math.log(100) / 4),
      );
      expect(allocator?.allocate(arms, context)).toEqual([8, 0, 0, 8]);
    }
  });

  it("changes share, price and cap of the vote index", () => {
    const { allocator } = only("selfConsistency+unit=1+voteIndex+share=0.5+price=0.01+maxSamples=6");
    const torn = (index: number, count: number): Arm => ({
      ...arm(index, 0.5, count),
      samples: Array.from({ length: count }, (_, place) => sampleOf(place, String(place % 2))),
    });
    const arms = [torn(0, 4), arm(1, 0, 4), torn(2, 5), arm(3, 0, 4)];
    expect(allocator?.allocate(arms, { ...context, unitSamples: 1 })).toEqual([1, 0, 1, 0]);
    expect(arms.map((each) => allocator?.isSettled?.(each))).toEqual([false, true, false, true]);
    expect(allocator?.isSettled?.(torn(4, 6))).toBe(true);
  });

  it("keeps what the paper has where only a part of it is changed", () => {
    const planned = (spec: string): SampleRequest | undefined =>
      only(spec).sampler?.plan(arm(0, 1, 8), 4, () => 0)[0];
    const changed = planned("paperDefaults+allResponses");
    expect(changed?.parents).toEqual([0, 1, 2, 3]);
    expect(changed?.prompt).toMatchObject({ name: "bare" });
    expect(planned("paperDefaults+masked")?.prompt).toMatchObject({ name: "masked" });
    const arms = Array.from({ length: 8 }, (_, index) => arm(index, index / 8, 8));
    const { allocator } = only("paperDefaults+c=1");
    // A quarter, however many calls may be in flight.
    const pulls = allocator?.allocate(arms, { ...context, slots: 64 });
    expect(pulls?.filter((each) => each > 0)).toHaveLength(2);
  });

  it("changes the chains: their prompt, what they quote, and who votes", () => {
    const plain = only("dynscaling");
    const bare = only("dynscaling+bare");
    expect(bare.sampler?.name).toBe(plain.sampler?.name);
    const planned = ({ sampler }: MethodFields): SampleRequest | undefined =>
      sampler?.plan(arm(0, 1, 8), 4, () => 0)[0];
    expect(planned(bare)?.prompt).toBeDefined();
    expect(planned(bare)?.prompt).not.toBe(planned(plain)?.prompt);
    expect(planned(only("dynscaling+maxThoughtTokens=9"))?.prompt).not.toBe(planned(plain)?.prompt);
    expect(planned(plain)?.parents).toEqual([4, 5, 6, 7]);
    expect(planned(only("withoutDynamicAllocation+allResponses"))?.parents).toEqual([0, 1, 2, 3]);
    const samples = [sampleOf(0, "a"), sampleOf(1, "a"), sampleOf(2, "b", "sequential")];
    const winner = ({ voting }: MethodFields): number | null | undefined => voting?.(samples, () => 0).winner;
    expect(winner(plain)).toBe(0);
    expect(winner(only("dynscaling+conditionedOnly"))).toBe(2);
  });

  it.each([
    ["", /got ""\. Known names are dynscaling/],
    ["dynscaling,", /got ""/],
    ["toString", /got "toString"\. Known names/],
    ["dynscaling,sp1,dynscaling", /"dynscaling" stands there twice/],
    ["dynscaling+", /got "dynscaling\+", of which "" is unknown/],
    ["dynscaling+greedy", /of which "greedy" is unknown/],
    ["dynscaling+constructor", /of which "constructor" is unknown/],
    ["dynscaling+ranked", /of which "ranked" is unknown/],
    ["dynscaling+k=3", /of which "k=3" is unknown/],
    ["dynscaling+=3", /of which "=3" is unknown/],
    ["dynscaling+bare=1", /of which "bare=1" is unknown/],
    ["dynscaling+c=-1", /dynscaling\+c=-1, c: got "-1"\. Give a number of at least 0/],
    ["dynscaling+c=", /c: got ""/],
    ["dynscaling+c=1=2", /c: got "1=2"/],
    ["dynscaling+c=Infinity", /c: got "Infinity"/],
    ["dynscaling+share=0", /got "dynscaling\+share=0"\. ucb\.roundShare: got 0/],
    ["dynscaling+share=1.5", /ucb\.roundShare: got 1\.5/],
    ["dynscaling+maxThoughtTokens=0", /maxThoughtTokens: got "0"\. Give a number of at least 1/],
    ["selfConsistency+maxThoughtTokens=9", /has no synthetic chains/],
    ["dynscaling+unit=0", /unit: got "0"\. Give a number of at least 1/],
    ["dynscaling+unit=2.5", /unit: got "2\.5"\. Give a whole number/],
    ["dynscaling+unit=2+unit=4", /changes the unit more than once/],
    ["dynscaling+bare+guarded", /changes the prompt more than once/],
    ["dynscaling+uniform+ucb", /changes the allocator more than once/],
    ["selfConsistency+bare", /has no synthetic chains to change; its sampler is independent/],
    ["sp1+allResponses", /has no synthetic chains/],
    ["withoutIntegratedSampling+conditionedOnly", /has no synthetic chains/],
    ["selfConsistency+c=1", /c belongs to ucb; its allocator is uniform/],
    ["dynscaling+random+share=0.5", /share belongs to ucb and voteIndex; its allocator is random/],
    ["dynscaling+price=0.002", /price belongs to voteIndex; its allocator is ucb/],
    ["dynscaling+voteIndex+c=1", /c belongs to ucb; its allocator is voteIndex/],
    ["selfConsistency+maxSamples=9", /maxSamples belongs to voteIndex; its allocator is uniform/],
    ["dynscaling+voteIndex+share=2", /voteIndex\.roundShare: got 2/],
    ["dynscaling+voteIndex+price=-1", /price: got "-1"\. Give a number of at least 0/],
    ["dynscaling+voteIndex+price=cheap", /price: got "cheap"/],
    ["dynscaling+voteIndex+maxSamples=1.5", /maxSamples: got "1.5"\. Give a whole number/],
    ["dynscaling+voteIndex+price=1+price=2", /changes the price more than once/],
  ])("is not %j", (spec, message) => {
    expect(() => parseMethods(spec)).toThrow(message);
    expect(() => parseMethods(spec)).toThrow(UsageError);
  });
});

describe("an allocator of dynscaling run", () => {
  it.each(Object.keys(ALLOCATORS))("is %s by its name", (name) => {
    expect(parseAllocator(name).name).toBe(name);
  });

  it("takes options behind its name", () => {
    const { isSettled, allocate } = parseAllocator("voteIndex+price=0.01+maxSamples=5+share=1");
    expect([2, 4, 5].map((count) => isSettled?.(arm(0, 0, count)))).toEqual([true, true, true]);
    const arms = [arm(0, 0, 4), arm(1, 0, 4)];
    expect(allocate(arms, context)).toEqual([8, 8]);
    const priority = parseAllocator("ucb+c=0").priority?.(arm(0, 0.5, 4), context);
    expect(priority).toBe(0.5);
  });

  it.each([
    ["greedy", /--allocator: got "greedy"/],
    ["greedy+share=1", /--allocator: got "greedy"/],
    ["voteIndex+", /of which "" is unknown/],
    ["voteIndex+unit=2", /of which "unit=2" is unknown/],
    ["voteIndex+c=1", /got "voteIndex\+c=1", but c belongs to ucb; its allocator is voteIndex/],
    ["uniform+price=1", /price belongs to voteIndex; its allocator is uniform/],
    ["voteIndex+share=0", /voteIndex\.roundShare: got 0/],
    ["voteIndex+price=", /--allocator, price: got ""/],
    ["voteIndex+share=1+share=1", /gives the top-ranked share more than once/],
  ])("is not %j", (text, message) => {
    expect(() => parseAllocator(text)).toThrow(message);
    expect(() => parseAllocator(text)).toThrow(UsageError);
  });
});
