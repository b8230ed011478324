import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One turn of a conversation as it arrived on the wire. */
export interface Turn {
  role: string;
  text: string;
}

/** One request for a response, as the server saw it. */
export interface ModelRequest {
  /** Place among the requests of this server, in the order of arrival, from 0. */
  index: number;
  path: string;
  /** Without those that carry a key. */
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
  turns: Turn[];
}

/** What the server says. A `status` of 400 or more makes `text` the error's message. */
export interface ModelReply {
  text: string;
  thought?: string;
  status?: number;
  finishReason?: string;
  /** Tokens; `output` without those of `thoughts`. Default 10 in, 5 out. */
  usage?: { input: number; output: number; thoughts?: number };
}

/** Decides what to say, as soon as it likes. */
export type Respond = (request: ModelRequest) => string | ModelReply | Promise<string | ModelReply>;

/** What differs between providers. */
export interface Protocol {
  path: RegExp;
  keyHeader: string;
  /** @throws {Refusal} if the provider would refuse the request */
  readTurns(body: Record<string, unknown>): Turn[];
  reply(reply: ModelReply, request: ModelRequest): object;
  error(status: number, message: string): object;
}

/** Why a provider answers with status 400. */
export class Refusal extends Error {}

export interface ProtocolServer {
  /** Base URL without a path. */
  url: string;
  /** Every request that passed the provider's own checks. */
  requests: ModelRequest[];
  /** Messages of the requests that did not. */
  refusals: string[];
  /** Most requests in flight at the same time so far. */
  peakInFlight(): number;
  /** Requests whose client went away before the answer. */
  abandoned(): number;
  /** Settles as soon as `count` requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Settles as soon as no request is in flight. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that speaks one provider's protocol. */
export async function serve(protocol: Protocol, respond: Respond): Promise<ProtocolServer> {
  const requests: ModelRequest[] = [];
  const refusals: string[] = [];
  const waiting: { until: () => boolean; settle: () => void }[] = [];
  let inFlight = 0;
  let peak = 0;
  let abandoned = 0;

  function changed(): void {
    for (const { until, settle } of waiting) if (until()) settle();
  }
  function once(until: () => boolean): Promise<void> {
    return new Promise((settle) => {
      waiting.push({ until, settle });
      changed();
    });
  }
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    inFlight += 1;
    peak = Math.max(peak, inFlight);
    outgoing.once("close", () => {
      inFlight -= 1;
      if (!outgoing.writableFinished) abandoned += 1;
      changed();
    });
    const send = (status: number, body: object): void => {
      outgoing.writeHead(status, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(body));
    };
    try {
      const request = await read(protocol, incoming, requests.length);
      requests.push(request);
      changed();
      const said = await respond(request);
      const reply = typeof said === "string" ? { text: said } : said;
      if (reply.status === undefined) send(200, protocol.reply(reply, request));
      else send(reply.status, protocol.error(reply.status, reply.text));
    } catch (error) {
      refusals.push(String(error));
      const status = error instanceof Refusal ? 400 : 500;
      send(status, protocol.error(status, String(error)));
    }
  }

  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    refusals,
    peakInFlight: () => peak,
    abandoned: () => abandoned,
    arrived: (count) => once(() => requests.length >= count),
    idle: () => once(() => inFlight === 0),
    close: () =>
      new Promise((settle) => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

async function read(protocol: Protocol, incoming: IncomingMessage, index: number): Promise<ModelRequest> {
  const path = incoming.url ?? "";
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (incoming.method !== "POST" || !protocol.path.test(path))
    throw new Refusal(`No such method: ${incoming.method} ${path}`);
  const { [protocol.keyHeader]: key, ...headers } = incoming.headers;
  if (!key) throw new Refusal(`No key in the header ${protocol.keyHeader}`);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  return { index, path, headers, body, turns: protocol.readTurns(body) };
}
