import { OutputParserException } from "@langchain/core/output_parsers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DynScaling } from "../../src/index.js";
import { RunCollector } from "../support/run_collector.js";
import { saying } from "./scripted_tools.js";

const schema = z.object({ a: z.number() });
const unreadable = (): DynScaling =>
  new DynScaling({ model: saying([{ a: "x" }]), budget: { samplesPerInput: 4 } });

/** How the run of the only input ended. */
function endsOf(collector: RunCollector): (string | undefined)[] {
  const [root] = collector.of("StructuredScaling");
  return (root?.ends ?? []).map((end) => Object.keys(end)[0]);
}

describe("the run of an input without a valid object", () => {
  it.each([
    ["invoke", (scaled: DynScaling) => scaled.withStructuredOutput(schema)],
    ["a shared budget", (scaled: DynScaling) => scaled.shared().withStructuredOutput(schema)],
  ])("ends with the error that the caller gets: %s", async (_name, open) => {
    const collector = new RunCollector();
    const heard: string[] = [];
    const structured = open(unreadable()).withListeners({
      onEnd: () => void heard.push("end"),
      onError: () => void heard.push("error"),
    });
    await expect(structured.invoke("Read.", { callbacks: [collector] })).rejects.toThrow(
      OutputParserException,
    );
    expect(endsOf(collector)).toEqual(["error"]);
    expect(heard).toEqual(["error"]);
  });

  it("is told in the record, beside all that was paid for", async () => {
    const [record] = await unreadable().withStructuredOutput(schema).solve(["Read."]);
    expect(record?.error).toBeInstanceOf(OutputParserException);
    expect(record).toMatchObject({ object: null, samples: 4, unparsedSamples: 4 });
  });

  it("is no error where the raw message was asked for", async () => {
    const collector = new RunCollector();
    const structured = unreadable().withStructuredOutput(schema, { includeRaw: true });
    expect((await structured.invoke("Read.", { callbacks: [collector] })).parsed).toBeNull();
    expect(endsOf(collector)).toEqual(["output"]);
  });
});
