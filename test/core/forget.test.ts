import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { ucb } from "../../src/allocators/ucb.js";
import { openAccount } from "../../src/core/account.js";
import { solve } from "../../src/core/solve.js";
import type { Schedule } from "../../src/core/solve.js";
import type { Sampler, Solution, VotingRule } from "../../src/core/types.js";
import { boxed } from "../../src/extractors/index.js";
import { DynScaling } from "../../src/index.js";
import { allResponses, integrated } from "../../src/samplers/integrated.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { conditionedOnly, majority, majorityOf } from "../../src/voting/majority.js";
import { ScriptedModel } from "../support/scripted_model.js";

interface Kept {
  solutions: Solution<string>[];
  forgotten: string[];
  /** Texts that were quoted. */
  quoted: string[];
}

async function kept(
  schedule: Schedule,
  parts: { sampler?: Sampler; voting?: VotingRule } = {},
): Promise<Kept> {
  const { sampler = integrated() as Sampler, voting = majority } = parts;
  const forgotten: string[] = [];
  const quoted: string[] = [];
  let calls = 0;
  const solutions = await solve<string, unknown>(
    ["q", "r"],
    { sampler, voting, allocator: ucb(), uncertainty: variationRatio, unitSamples: 4, seed: 0 },
    openAccount({ totalSamples: 24 }, 2),
    {
      samplesPerCall: 1,
      slots: 3,
      forget: (_arm, message) => void forgotten.push(message),
      isOpen: () => true,
      async generate({ samples }, { parents }) {
        quoted.push(...parents.map((parent) => samples[parent]?.text ?? "missing"));
        const call = calls++;
        const answer = call % 5 === 4 ? null : String(call % 3);
        return [{ text: `text ${call}`, message: `message ${call}`, answer, usage: {} }];
      },
      openUnit: async () => {},
      closeUnit: async () => {},
      afterWave: () => {},
    },
    schedule,
  );
  return { solutions, forgotten, quoted };
}

describe.each<Schedule>(["rounds", "continuous"])(
  "responses that are not needed any more (%s)",
  (schedule) => {
    it("are dropped, but for the first of each answer; nothing that is quoted is", async () => {
      const { solutions, forgotten, quoted } = await kept(schedule);
      const samples = solutions.flatMap(({ arm }) => arm.samples);
      expect(samples).toHaveLength(24);
      for (const { arm, tally } of solutions) {
        const answers = arm.samples.map(({ answer }) => answer);
        for (const { answer, index, text, message } of arm.samples) {
          const isFirst = answers.indexOf(answer) === index;
          expect([text !== "", message !== undefined]).toEqual([isFirst, isFirst]);
        }
        expect(arm.samples[tally.winner ?? -1]?.message).toMatch(/^message/);
      }
      expect(forgotten).toHaveLength(samples.filter(({ message }) => message === undefined).length);
      expect(new Set(forgotten).size).toBe(forgotten.length);
      expect(quoted).not.toEqual([]);
      expect(quoted.every((text) => text.startsWith("text"))).toBe(true);
    });

    it.each<[string, Parameters<typeof kept>[1]]>([
      ["a sampler quotes earlier units", { sampler: integrated({ thoughtPool: allResponses }) as Sampler }],
      ["a later response stands for the winner", { voting: majorityOf({ voters: conditionedOnly }) }],
      ["nothing is known of the voting rule", { voting: (samples, random) => majority(samples, random) }],
    ])("are all kept where %s", async (_why, parts) => {
      const { solutions, forgotten } = await kept(schedule, parts);
      expect(forgotten).toEqual([]);
      expect(solutions.flatMap(({ arm }) => arm.samples).every(({ text }) => text !== "")).toBe(true);
    });

    it("leave their usage in the message of batch(), and all of themselves in the record of solve()", async () => {
      const usage_metadata = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
      const model = new ScriptedModel(
        ({ index }) => new AIMessage({ content: `${index}: \\boxed{${index % 2}}`, usage_metadata }),
      );
      const fields = { model, extractor: boxed, budget: { samplesPerInput: 12 }, schedule };
      const [message] = await new DynScaling(fields).batch(["a?"]);
      expect(message?.usage_metadata).toMatchObject({ input_tokens: 120, output_tokens: 60 });
      expect(message?.response_metadata.dynscaling).toMatchObject({ samples: 12, outputTokens: 60 });
      const [record] = await new DynScaling(fields).solve(["a?"]);
      expect(record?.responses.every(({ text }) => text.includes("boxed"))).toBe(true);
      expect(record?.message?.usage_metadata).toMatchObject({ input_tokens: 120, output_tokens: 60 });
    });
  },
);
