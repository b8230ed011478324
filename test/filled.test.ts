import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filledText, filledTurns } from "../src/prompts/filled.js";
import * as prompts from "../src/prompts/index.js";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("{", "}}", "{chain}", "{{x}}", "$&"));
const values = fc.record({
  chain: text,
  question: text,
  response: text,
  feedback: text,
  text,
  fence: text,
  count: fc.nat(),
  number: fc.nat(),
});
const names = ["chain", "question", "response", "feedback", "text", "fence", "count", "number"] as const;

const written = [
  ["braces", "a {{b}} {chain}{question}"],
  ["a variable twice", "{chain} {chain}"],
  ["no variable", "nothing"],
] as const;
const templates: [string, ChatPromptTemplate][] = [
  ...Object.values(prompts)
    .filter((each) => typeof each === "object" && "turns" in each)
    .map((each): [string, ChatPromptTemplate] => [each.name, each.turns]),
  ...written.map(([name, template]): [string, ChatPromptTemplate] => [
    name,
    ChatPromptTemplate.fromMessages([["human", template]]),
  ]),
  [
    "a system message, and a message that is no template",
    ChatPromptTemplate.fromMessages([
      ["system", "{chain}"],
      ["ai", "x"],
    ]),
  ],
  [
    "mustache",
    ChatPromptTemplate.fromMessages([["human", "{{chain}} {{#count}}x{{/count}}"]], {
      templateFormat: "mustache",
    }),
  ],
];

describe("a template that is parsed once", () => {
  it.each(templates)("is filled as LangChain fills it: %s", async (_name, template) => {
    const fill = filledTurns(template, names);
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const [ours, theirs] = [await fill(given), await template.formatMessages(given)];
        expect(ours.map((message) => message.toDict())).toEqual(theirs.map((message) => message.toDict()));
      }),
      { seed: 5, numRuns: 30 },
    );
  });

  it("is filled as LangChain fills it: a thought", async () => {
    const template = PromptTemplate.fromTemplate("<{fence} {number}>\n{text}\n</{fence}>");
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        expect(await filledText(template, names)(given)).toBe(await template.format(given));
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it("keeps the values that it was bound to", async () => {
    const partial = await PromptTemplate.fromTemplate("{tone}: {text}").partial({ tone: "Kind" });
    const given = { text: "hello" };
    expect(await filledText(partial, ["text"])(given)).toBe("Kind: hello");
  });

  it("refuses a variable that nobody gives, as LangChain does", async () => {
    const template = ChatPromptTemplate.fromMessages([["human", "{chain} {mood}"]]);
    const fill = async (): Promise<unknown> => filledTurns(template, ["chain"])({ chain: "x" });
    await expect(fill()).rejects.toThrow(/Missing value for input variable `mood`/);
  });
});
