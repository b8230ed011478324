import { join } from "node:path";
import { InMemoryStore } from "@langchain/core/stores";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import type { ChatLike, JournalStore } from "langchain-dynscaling";
import { FileJournal } from "langchain-dynscaling/journal";
import type { StructuredOptions } from "langchain-dynscaling/structured";
import { serveGemini } from "../../test/support/gemini_server.js";
import { serveOpenAI } from "../../test/support/openai_server.js";
import type { Respond } from "../../test/support/protocol.js";
import type { ProtocolServer } from "../../test/support/protocol_server.js";

interface Client {
  serve: (respond: Respond) => Promise<ProtocolServer>;
  model: (url: string) => ChatLike;
  method: AskedClerk["method"];
}

/** A journal knows the address of a model, but the port of the server is another each time. */
const ADDRESS = "http://clerk.invalid";

/** LangChain's clients, against local servers that speak their provider's protocol. */
const CLIENTS: Record<string, Client> = {
  openai: {
    serve: serveOpenAI,
    model: (url) =>
      new ChatOpenAI({
        model: "scripted",
        apiKey: "no-key",
        maxRetries: 0,
        configuration: {
          baseURL: `${ADDRESS}/v1`,
          fetch: (target, init) => fetch(String(target).replace(ADDRESS, url), init),
        },
      }),
    method: "jsonMode",
  },
  gemini: {
    serve: serveGemini,
    model: (url) => {
      const model = new ChatGoogleGenerativeAI({
        model: "scripted",
        apiKey: "no-key",
        maxRetries: 0,
        baseUrl: url,
      });
      model.lc_kwargs["baseUrl"] = ADDRESS;
      return model;
    },
    method: "jsonSchema",
  },
};

/** A scripted model to be asked over HTTP, and what it said so far. */
export interface AskedClerk {
  model: ChatLike;
  /** How its client asks for an object in the text of a response. */
  method: NonNullable<StructuredOptions["method"]>;
  /** Holds every answer: methods with the same sampler and seed get the same ones. */
  journal: JournalStore;
  /** @throws {Error} if a recording did not hold all answers */
  close(): Promise<void>;
}

/**
 * Puts a scripted model behind a client. With a folder its answers are recorded there,
 * each as the client returned it; where the recording is there, it answers alone.
 */
export async function askClerk(
  client: string,
  respond: Respond,
  recording: { folder: string | undefined; name: string },
): Promise<AskedClerk> {
  const setup = Object.hasOwn(CLIENTS, client) ? CLIENTS[client] : undefined;
  if (setup === undefined)
    throw new Error(`--client: got "${client}". Known are ${Object.keys(CLIENTS).join(", ")}.`);
  const { serve, model, method } = setup;
  const file =
    recording.folder === undefined
      ? undefined
      : await FileJournal.open(join(recording.folder, `${recording.name}_${client}.jsonl`));
  const isRecorded = file !== undefined && file.size > 0;
  const server = await serve(respond);
  return {
    model: model(server.url),
    method,
    journal: file ?? new InMemoryStore<Uint8Array>(),
    async close() {
      const asked = server.requests.length;
      await server.close();
      await file?.close();
      if (isRecorded && asked > 0)
        throw new Error(
          `The recording of ${recording.name} lacks ${asked} answers; delete it, and record it again.`,
        );
      console.error(`${recording.name}: ${asked} requests to ${client}`);
    },
  };
}
