import { AIMessage } from "@langchain/core/messages";
import { DynScaling } from "../../src/index.js";
import type { DynScalingFields } from "../../src/index.js";
import type { StructuredOptions, StructuredRecord } from "../../src/structured/index.js";
import { ScriptedModel } from "../support/scripted_model.js";

/** A chat model that has tools, of which the structured output of LangChain's base class is made. */
export class ScriptedTools extends ScriptedModel {
  override bindTools(): this {
    return this;
  }
}

/** Calls the tool with each of the objects in turn; the text says which call it was. */
export function saying(objects: readonly object[]): ScriptedTools {
  return new ScriptedTools(({ index }) => {
    const args = objects[index % objects.length] as Record<string, unknown>;
    return new AIMessage({ content: `Call ${index}.`, tool_calls: [{ name: "extract", args, id: "1" }] });
  });
}

/** The record of one input whose samples are the objects, all in one unit. */
export async function solvedWith(
  objects: readonly object[],
  schema: object,
  options: StructuredOptions = {},
  fields: Partial<DynScalingFields> = {},
): Promise<StructuredRecord<object>> {
  const scaled = new DynScaling({
    model: saying(objects),
    budget: { samplesPerInput: objects.length },
    unitSamples: objects.length,
    ...fields,
  });
  const [record] = await scaled.withStructuredOutput(schema, options).solve(["Read."]);
  return record as StructuredRecord<object>;
}
