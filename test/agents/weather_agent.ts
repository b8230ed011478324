import { tool } from "langchain";
import { z } from "zod";
import type { ModelRequest, Said } from "../support/protocol_server.js";

/** Cities that the tool was really asked for. */
export type Executed = string[];

/** A tool that keeps a list of what it was asked. */
export function lookup(executed: Executed): ReturnType<typeof tool> {
  return tool(
    ({ city }: { city: string }) => {
      executed.push(city);
      return `Sunny in ${city}`;
    },
    { name: "lookup", description: "The weather of a city.", schema: z.object({ city: z.string() }) },
  ) as ReturnType<typeof tool>;
}

/** The texts of an agent's messages by their kind: who said what. */
export function linesOf({ messages }: { messages: { type: string; text: string }[] }): string[] {
  return messages.map(({ type, text }) => `${type}: ${text}`);
}

/** Whether the model is to react to a tool. */
export function isAfterTool({ body }: ModelRequest): boolean {
  const last = ((body["messages"] ?? body["contents"]) as object[]).at(-1);
  return /"role":"tool"|"functionResponse"/.test(JSON.stringify(last));
}

/** Rounds of tools since the user spoke. */
export function roundOf({ body }: Pick<ModelRequest, "body">): number {
  const roles = (body["messages"] as { role: string }[]).map(({ role }) => role);
  return roles.slice(roles.lastIndexOf("user")).filter((role) => role === "tool").length;
}

/** Three rounds of tools, each torn between two cities, then an answer. */
export function torn(request: Pick<ModelRequest, "index" | "body">): Said {
  if (roundOf(request) === 3) return "Done.";
  const city = request.index % 2 === 0 ? "Rome" : "Paris";
  return { text: "", toolCalls: [{ name: "lookup", args: { city } }] };
}

/** Calls the tool for the city that stands in its place, then says what came back. */
export function choosing(cities: readonly string[]): (request: ModelRequest) => Said {
  return (request) =>
    isAfterTool(request)
      ? "It is sunny."
      : {
          text: "",
          toolCalls: [{ name: "lookup", args: { city: cities[request.index % cities.length] as string } }],
        };
}
