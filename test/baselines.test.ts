import { describe, expect, it } from "vitest";
import { leaderProbability } from "../src/allocators/adaptive_consistency.js";
import { openAccount } from "../src/core/account.js";
import { playRounds } from "../src/core/rounds.js";
import type { Call } from "../src/core/rounds.js";
import type { Arm, Reply, Solution } from "../src/core/types.js";
import {
  adaptiveConsistency,
  earlyStopping,
  paperDefaults,
  randomAllocation,
  sp1,
  sp2,
  sp3,
  withoutDynamicAllocation,
  withoutIntegratedSampling,
} from "../src/baselines/index.js";
import { DynScaling } from "../src/dynscaling.js";
import { resolveMethod } from "../src/method.js";
import type { MethodFields } from "../src/method.js";
import type { TurnsPrompt } from "../src/prompts/index.js";
import { ScriptedModel } from "./support/scripted_model.js";

/** What a question's calls bring: an answer, or a reply spelled out. */
type Script = (call: Call<unknown, TurnsPrompt>, place: number) => string | Partial<Reply>;

function play(fields: MethodFields, samplesPerInput: number, script: Script, arms = 1): Solution[] {
  const questions = Array.from({ length: arms }, (_, arm) => `question ${arm}`);
  const account = openAccount({ samplesPerInput }, arms);
  const terms = { samplesPerCall: 1, slots: Infinity, isOpen: () => true };
  const rounds = playRounds<unknown, TurnsPrompt>(questions, resolveMethod(fields, 0), account, terms);
  const sent = questions.map(() => 0);
  const reply = (call: Call<unknown, TurnsPrompt>): Reply => {
    const said = script(call, sent[call.arm.index]!++);
    const spelled = typeof said === "string" ? { text: said, answer: said } : said;
    return { text: "text", answer: null, usage: {}, ...spelled };
  };
  let step = rounds.next();
  while (!step.done) step = rounds.next(step.value.calls.map((call) => [reply(call)]));
  return step.value;
}

function shape({ samples }: Arm): string[] {
  return samples.map(({ purpose, stage, parents }) =>
    stage === "parallel" ? "plain" : `${purpose} on ${parents.join("+")}`,
  );
}

describe("sequential refinement", () => {
  it.each([
    ["sp1", sp1, 4, ["plain", "answer on 0", "plain", "answer on 2"]],
    [
      "sp2",
      sp2,
      7,
      ["plain", "feedback on 0", "answer on 0+1", "plain", "feedback on 3", "answer on 3+4", "plain"],
    ],
    ["sp3", sp3, 4, ["plain", "feedback on 0", "answer on 0+1", "score on 2"]],
  ] as const)(
    "as %s spends %i calls as whole chains, the rest on plain samples",
    (_name, recipe, samples, expected) => {
      const [solution] = play(recipe(), samples, () => "1");
      expect(solution && shape(solution.arm)).toEqual(expected);
    },
  );

  it("lets only the last answers of chains vote, and plain samples", () => {
    const said = ["a", "b", "a", "b", "a"];
    const [solution] = play(sp1(), 5, (_call, place) => said[place] as string);
    expect(solution?.tally.votes).toEqual([
      { answer: "b", count: 2 },
      { answer: "a", count: 1 },
    ]);
  });

  it("weighs the refined answers by their scores", () => {
    const [solution] = play(sp3(), 8, ({ request, arm }) => {
      if (request.purpose === "feedback") return { text: "The second step is wrong." };
      const second = arm.samples.length > 4;
      if (request.purpose === "score") return { text: second ? "Score: 90" : "Score: 10" };
      return second ? "b" : "a";
    });
    expect(solution?.tally.votes).toEqual([
      { answer: "b", count: 1, weight: 0.9 },
      { answer: "a", count: 1, weight: 0.1 },
    ]);
  });

  it("goes on with plain samples where a chain breaks off", () => {
    const error = new Error("503");
    const [solution] = play(sp2(), 6, (_call, place) => (place === 1 ? { text: "", error } : "1"));
    expect(solution && shape(solution.arm)).toEqual([
      "plain",
      "feedback on 0",
      "plain",
      "plain",
      "feedback on 3",
      "answer on 3+4",
      "plain",
    ]);
    expect(solution?.tally.votes).toEqual([{ answer: "1", count: 4 }]);
  });

  it("does not quote what is blank or cut off", () => {
    const cut = { text: "1", answer: "1", truncated: true };
    const [solution] = play(sp1(), 4, (_call, place) => (place === 0 ? cut : { text: " ", answer: "1" }));
    expect(solution && shape(solution.arm)).toEqual(["plain", "plain", "plain", "plain"]);
  });

  it("quotes the response, then the feedback on it, in turns that alternate", async () => {
    const calls: Call<unknown, TurnsPrompt>[] = [];
    play(sp2(), 3, (call, place) => {
      calls.push(call);
      return { text: ["{first}", "look at {step} 2", "second"][place] as string, answer: "1" };
    });
    const { prompt, parents } = calls[2]!.request;
    const turns = await prompt!.render(
      "q",
      parents.map((parent) => calls[2]!.arm.samples[parent]!),
    );
    expect(turns.map(({ type }) => type)).toEqual(["ai", "human", "ai", "human"]);
    expect([turns[0]?.text, turns[2]?.text]).toEqual(["{first}", "look at {step} 2"]);
  });
});

describe("Adaptive-Consistency", () => {
  it.each([
    [4, 0, 0.969],
    [6, 1, 0.965],
    [8, 2, 0.967],
    [3, 0, 0.9375],
    [5, 1, 0.9375],
    [7, 2, 0.945],
    [0, 0, 0.5],
  ])("is sure of %i votes against %i by %d", (a, b, probability) => {
    expect(leaderProbability(a, b)).toBeCloseTo(probability, 3);
  });

  it("is the integral of the Beta density above one half", () => {
    const steps = 20_000;
    for (const [a, b] of [
      [3, 2],
      [12, 9],
      [30, 31],
    ] as const) {
      let above = 0;
      let all = 0;
      for (let step = 0; step < steps; step++) {
        const x = (step + 0.5) / steps;
        const density = x ** a * (1 - x) ** b;
        all += density;
        if (x > 0.5) above += density;
      }
      expect(leaderProbability(a, b)).toBeCloseTo(above / all, 4);
    }
    expect(leaderProbability(3000, 2900)).toBeGreaterThan(0.9);
  });

  it("stops a clear question after four samples and gives no more to it", () => {
    const [clear, torn] = play(
      adaptiveConsistency({ maxSamples: 12 }),
      12,
      ({ arm }, place) => (arm.index === 0 ? "1" : String(place % 2)),
      2,
    );
    expect([clear?.arm.samples.length, clear?.stopReason]).toEqual([4, "settled"]);
    expect([torn?.arm.samples.length, torn?.stopReason]).toEqual([12, "samples"]);
  });
});

describe("early stopping", () => {
  it("stops at the first window that agrees, whose answer wins", () => {
    const said = "aabaabbbbb";
    const [solution] = play(earlyStopping(), 40, (_call, place) => said[place] as string);
    expect(solution?.arm.samples).toHaveLength(10);
    expect(solution?.stopReason).toBe("settled");
    expect(solution?.arm.samples[solution.tally.winner ?? 0]?.answer).toBe("b");
  });

  it("is not stopped by a window of unreadable answers", () => {
    const [solution] = play(earlyStopping({ maxSamples: 15 }), 40, () => ({ text: "?" }));
    expect(solution?.arm.samples).toHaveLength(15);
  });
});

describe("the ablations", () => {
  it.each([
    ["withoutDynamicAllocation", withoutDynamicAllocation, { allocator: "uniform", sampler: "integrated" }],
    ["withoutIntegratedSampling", withoutIntegratedSampling, { allocator: "ucb", sampler: "independent" }],
    ["randomAllocation", randomAllocation, { allocator: "random", sampler: "integrated" }],
  ] as const)("%s is the method of the paper but for one part", (_name, recipe, { allocator, sampler }) => {
    const method = resolveMethod(recipe(), 0);
    expect([method.allocator.name, method.sampler.name]).toEqual([allocator, sampler]);
    expect(method.unitSamples).toBe(resolveMethod({}, 0).unitSamples);
  });
});

describe("the paper's defaults", () => {
  const fields = paperDefaults();

  it("ask a unit of 8: four alone, then four that quote all of these in an order of their own", () => {
    const [solution] = play(fields, 8, () => "1");
    const chains = (solution?.arm.samples ?? []).map(({ parents }) => parents);
    expect(chains.slice(0, 4)).toEqual([[], [], [], []]);
    for (const chain of chains.slice(4)) expect([...chain].toSorted()).toEqual([0, 1, 2, 3]);
    expect(new Set(chains.slice(4).map(String)).size).toBeGreaterThan(1);
  });

  it("concatenate the responses as they are, as the model's own reasoning", async () => {
    const calls: Call<unknown, TurnsPrompt>[] = [];
    play(fields, 8, (call, place) => {
      calls.push(call);
      return { text: `response ${place}`, answer: "1" };
    });
    const { arm, request } = calls[4] as Call<unknown, TurnsPrompt>;
    const quoted = request.parents.map((parent) => arm.samples[parent]!);
    const [chain, asked] = (await request.prompt?.render("q", quoted)) ?? [];
    expect(chain?.type).toBe("ai");
    expect(chain?.text).toBe(quoted.map(({ text }) => text).join("\n\n"));
    expect(asked?.text).not.toContain("response");
  });

  it("rank by u + sqrt(ln B_used / B) / 4, and serve a quarter of the questions in a round", () => {
    // Question 4 gives another answer each time, the others always the same.
    const solutions = play(fields, 16, ({ arm }, place) => (arm.index === 4 ? `${place}` : "1"), 5);
    const secondRound = solutions.flatMap(({ arm, rounds }) =>
      rounds.filter(({ round }) => round === 1).map(({ pulls, priority }) => [arm.index, pulls, priority]),
    );
    const explored = Math.sqrt(Math.log(40) / 8) / 4;
    expect(secondRound).toEqual([
      [0, 8, explored],
      [4, 8, 7 / 8 + explored],
    ]);
  });

  it("elect the majority of all eight responses, in rounds", () => {
    const said = ["a", "a", "a", "a", "a", "b", "b", "b"];
    const [solution] = play(fields, 8, (_call, place) => said[place] as string);
    expect(solution?.tally.votes).toEqual([
      { answer: "a", count: 5 },
      { answer: "b", count: 3 },
    ]);
    expect(fields.schedule).toBe("rounds");
  });

  it("are options of a DynScaling as they stand", () => {
    const model = new ScriptedModel(() => "1");
    expect(() => new DynScaling({ model, ...paperDefaults() })).not.toThrow();
  });
});
