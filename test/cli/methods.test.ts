import { describe, expect, it } from "vitest";
import { METHODS } from "../../src/cli/families.js";
import { parseMethods } from "../../src/cli/methods.js";
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
    ["selfConsistency+c=1", /c and share belong to ucb; its allocator is uniform/],
    ["dynscaling+random+share=0.5", /its allocator is random/],
  ])("is not %j", (spec, message) => {
    expect(() => parseMethods(spec)).toThrow(message);
    expect(() => parseMethods(spec)).toThrow(UsageError);
  });
});
