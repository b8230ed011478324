import { Refusal, serve } from "./protocol_server.js";
import type { Protocol, ProtocolServer, Respond, Turn } from "./protocol_server.js";

interface Content {
  role?: string;
  parts?: { text?: string; thought?: boolean }[];
}

/**
 * Gemini's `generateContent`. As strict as the provider has ever been: turns of
 * `user` and `model` alternate, and the conversation starts and ends with the user.
 */
const gemini: Protocol = {
  path: /^\/v1beta\/models\/[^/:]+:generateContent$/,
  keyHeader: "x-goog-api-key",
  readTurns({ contents, systemInstruction }) {
    const turns = ((contents ?? []) as Content[]).map(turn);
    if (turns.length === 0) throw new Refusal("contents is not specified");
    for (const [place, { role }] of turns.entries()) {
      if (role !== "user" && role !== "model") throw new Refusal("Please use a valid role: user, model.");
      if (role !== (place % 2 === 0 ? "user" : "model"))
        throw new Refusal("Please ensure that multiturn requests alternate between user and model.");
    }
    if (turns.at(-1)?.role !== "user")
      throw new Refusal("Please ensure that multiturn requests end with a user role.");
    const system = systemInstruction as Content | undefined;
    return [...(system ? [{ ...turn(system), role: "system" }] : []), ...turns];
  },
  reply({ text, thought, finishReason = "STOP", usage = { input: 10, output: 5 } }) {
    const parts = [
      ...(thought === undefined ? [] : [{ text: thought, thought: true }]),
      ...(text === "" ? [] : [{ text }]),
    ];
    return {
      candidates: [{ index: 0, content: { role: "model", parts }, finishReason }],
      usageMetadata: {
        promptTokenCount: usage.input,
        candidatesTokenCount: usage.output,
        // The one place where hidden reasoning counts.
        totalTokenCount: usage.input + usage.output + (usage.thoughts ?? 0),
        ...(usage.thoughts !== undefined && { thoughtsTokenCount: usage.thoughts }),
      },
    };
  },
  error: (status, message) => ({
    error: { code: status, message, status: status < 500 ? "INVALID_ARGUMENT" : "INTERNAL" },
  }),
};

function turn({ role = "", parts = [] }: Content): Turn {
  if (parts.length === 0) throw new Refusal("contents.parts must not be empty.");
  if (parts.some(({ thought }) => thought === true))
    throw new Refusal("A thought was sent back to the model.");
  return { role, text: parts.map(({ text }) => text ?? "").join("") };
}

/** Starts a server; its `url` is the `baseUrl` of Gemini's client. */
export function serveGemini(respond: Respond): Promise<ProtocolServer> {
  return serve(gemini, respond);
}
