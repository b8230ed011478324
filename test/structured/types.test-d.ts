import { ChatPromptTemplate } from "@langchain/core/prompts";
import type { ChatOpenAI } from "@langchain/openai";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { DynScaling } from "../../src/index.js";
import type { StructuredMessage } from "../../src/structured/index.js";

declare const model: ChatOpenAI;
declare const scaled: DynScaling;
const schema = z.object({ vendor: z.string(), total: z.number().optional() });
interface Invoice {
  vendor: string;
}
type Output<Step extends { invoke(input: string): unknown }> = Awaited<ReturnType<Step["invoke"]>>;

describe("the type of structured output", () => {
  it("is that of the model's own method, for a zod schema and a JSON schema", () => {
    const own = model.withStructuredOutput(schema);
    const ours = scaled.withStructuredOutput(schema);
    expectTypeOf<Output<typeof ours>>().toEqualTypeOf<Output<typeof own>>();
    expectTypeOf<Output<typeof ours>>().toEqualTypeOf<z.infer<typeof schema>>();
    const ownPlain = model.withStructuredOutput({ type: "object" });
    const oursPlain = scaled.withStructuredOutput({ type: "object" });
    expectTypeOf<Output<typeof oursPlain>>().toEqualTypeOf<Output<typeof ownPlain>>();
    const named = scaled.withStructuredOutput<Invoice>({ type: "object" });
    expectTypeOf<Output<typeof named>>().toEqualTypeOf<Invoice>();
  });

  it("has the raw message beside it where that is asked for, with the record in it", () => {
    const own = model.withStructuredOutput(schema, { includeRaw: true });
    const ours = scaled.withStructuredOutput(schema, { includeRaw: true });
    expectTypeOf<Output<typeof ours>>().toExtend<Output<typeof own>>();
    expectTypeOf<Output<typeof ours>["parsed"]>().toEqualTypeOf<Output<typeof own>["parsed"]>();
    expectTypeOf<Output<typeof ours>["raw"]>().toEqualTypeOf<StructuredMessage>();
  });

  it("is the same where calls share a budget", () => {
    const shared = scaled.shared();
    const ours = shared.withStructuredOutput(schema);
    expectTypeOf<Output<typeof ours>>().toEqualTypeOf<z.infer<typeof schema>>();
    expectTypeOf(ours.batch([""])).resolves.toEqualTypeOf<z.infer<typeof schema>[]>();
    const raw = shared.withStructuredOutput<Invoice>({ type: "object" }, { includeRaw: true });
    expectTypeOf<Output<typeof raw>>().toEqualTypeOf<{ raw: StructuredMessage; parsed: Invoice }>();
    const chain = ChatPromptTemplate.fromTemplate("{text}").pipe(ours);
    expectTypeOf(chain.invoke({ text: "" })).resolves.toEqualTypeOf<z.infer<typeof schema>>();
  });

  it("flows through a chain, and through solve()", () => {
    const structured = scaled.withStructuredOutput(schema);
    const chain = ChatPromptTemplate.fromTemplate("{text}").pipe(structured);
    expectTypeOf(chain.batch([{ text: "" }])).resolves.toEqualTypeOf<z.infer<typeof schema>[]>();
    expectTypeOf(structured.solve([""]).then(([record]) => record?.object)).resolves.toEqualTypeOf<
      z.infer<typeof schema> | null | undefined
    >();
  });
});
