import type { BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { AIMessage } from "@langchain/core/messages";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expectTypeOf, it } from "vitest";
import { uniform } from "../src/allocators/index.js";
import { selfConsistency } from "../src/baselines/index.js";
import { boxed, choice, finalAnswer, json, lastNumber, pattern } from "../src/extractors/index.js";
import { DynScaling } from "../src/index.js";
import type {
  Allocator,
  DynScalingFields,
  InputRecord,
  UncertaintyMeasure,
  VotingRule,
} from "../src/index.js";

const model = new ChatOpenAI({ model: "gpt-5-mini" });
const scaled = new DynScaling({ model });
const make = (fields: DynScalingFields): DynScaling => new DynScaling(fields);
const prompt = ChatPromptTemplate.fromTemplate("{question}");

describe("the types of DynScaling", () => {
  it("infer a chain that takes the prompt's variables and returns a string", () => {
    const chain = prompt.pipe(scaled).pipe(new StringOutputParser());
    expectTypeOf(chain.invoke).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(chain.batch([{ question: "Why?" }])).resolves.toEqualTypeOf<string[]>();
    expectTypeOf(chain.invoke).parameter(0).toExtend<Record<string, unknown>>();
  });

  it("let an answer be read behind a parser, as by any function of a text", () => {
    const chain = prompt.pipe(scaled).pipe(new StringOutputParser()).pipe(finalAnswer);
    expectTypeOf(chain.invoke).returns.resolves.toEqualTypeOf<string | null>();
  });

  it("distinguish the overloads of batch", () => {
    expectTypeOf(scaled.batch(["Why?"])).resolves.items.toExtend<AIMessage>();
    expectTypeOf(
      scaled.batch(["Why?"], {}, { returnExceptions: false }),
    ).resolves.items.toExtend<AIMessage>();
    const both = scaled.batch(["Why?"], [{ tags: ["x"] }], { returnExceptions: true });
    expectTypeOf(both).resolves.items.extract<Error>().not.toBeNever();
    expectTypeOf(both).resolves.items.exclude<Error>().toExtend<AIMessage>();
    expectTypeOf(both).resolves.items.not.toExtend<AIMessage>();
    expectTypeOf(scaled.solve(["Why?"])).resolves.toEqualTypeOf<InputRecord[]>();
  });

  it("take every kind of chat input, and type the record of a message", async () => {
    expectTypeOf(scaled.invoke).parameter(0).toEqualTypeOf<BaseLanguageModelInput>();
    const message = await scaled.invoke([["human", "Why?"]]);
    expectTypeOf(message).toExtend<AIMessage>();
    expectTypeOf(message.response_metadata.dynscaling.answer).toEqualTypeOf<string | null>();
    expectTypeOf(message.response_metadata.dynscaling.votes).items.toEqualTypeOf<{
      answer: string;
      count: number;
      weight?: number;
    }>();
  });

  it("accept chat models, bound models and other Runnables as the model", () => {
    const gemini = new ChatGoogleGenerativeAI({ model: "gemini-2.5-flash" });
    type Model = DynScalingFields["model"];
    expectTypeOf(model).toExtend<Model>();
    expectTypeOf(gemini).toExtend<Model>();
    expectTypeOf(model.withConfig({ stop: ["END"] })).toExtend<Model>();
    expectTypeOf(gemini.withConfig({ tags: ["x"] })).toExtend<Model>();
    expectTypeOf(model.withRetry()).toExtend<Model>();
    expectTypeOf(model.withFallbacks([gemini])).toExtend<Model>();
    const lambda = RunnableLambda.from((_input: BaseLanguageModelInput): BaseMessage => new AIMessage("4"));
    expectTypeOf(lambda).toExtend<Model>();
    expectTypeOf(new StringOutputParser()).not.toExtend<Model>();
    expectTypeOf(model.pipe(new StringOutputParser())).not.toExtend<Model>();
  });

  it("refuse options that do not exist, and a missing model", () => {
    // @ts-expect-error the model is required
    make({});
    // @ts-expect-error misspelt
    make({ model, bugdet: {} });
    // @ts-expect-error not a limit
    make({ model, budget: { samples: 8 } });
    // @ts-expect-error a function, not its name
    make({ model, extractor: "boxed" });
    // @ts-expect-error no number
    make({ model, seed: "7" });
    // @ts-expect-error a factory, not the sampler it makes
    make({ model, sampler: selfConsistency });
    expectTypeOf(make).parameter(0).toHaveProperty("model");
    // @ts-expect-error no such option of a batch
    void scaled.batch(["Why?"], {}, { returnErrors: true });
  });

  it("fit custom parts on one line each", () => {
    const allocator: Allocator = {
      name: "first",
      allocate: (arms, { pulls }) => arms.map((_, i) => (i ? 0 : Math.min(pulls, 8))),
    };
    const uncertainty: UncertaintyMeasure = (answers) => new Set(answers).size / answers.length;
    const voting: VotingRule = (samples) => ({ winner: samples.at(-1)?.index ?? null, votes: [] });
    make({ model, allocator, uncertainty, voting });
    make({ model, ...selfConsistency(), voting });
    make({ model, allocator: { name: "even", allocate: uniform().allocate } });
    make({ model, extractor: (text) => text.trim().at(-1) ?? null });
    make({ model, extractor: async (_text, message) => message.id ?? null });
    for (const extractor of [boxed, choice, lastNumber, json("answer"), pattern(/x/)])
      make({ model, extractor });
    expectTypeOf(make).parameter(0).toHaveProperty("extractor");
    // @ts-expect-error an answer is text or null
    make({ model, extractor: (text) => text.length });
  });
});
