import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What can go wrong with one request. */
export const FAULTS = [
  "latency tail",
  "429 with retry-after",
  "429 without",
  "500",
  "503",
  "reset before the answer",
  "reset in the body",
  "slow loris",
  "wrong JSON",
  "wrong shape",
  "empty text",
  "refusal",
  "cut off by the limit",
  "duplicate SSE",
  "truncated SSE",
] as const;
export type Fault = (typeof FAULTS)[number];

/** What one request comes to; `null` for a plain answer. */
export type Schedule = (index: number) => Fault | null;

export interface FaultyServer {
  url: string;
  injected: Map<Fault, number>;
  /** Serial numbers of the answers that were written to their end. */
  delivered: Set<number>;
  /** Those of the streams that it broke off between two events, so that nothing looks wrong. */
  brokenOff: Set<number>;
  /** What the provider charges: every answer that it began to write. */
  charged: { outputTokens: number; inputTokens: number };
  /** Answers that it charges to each key. */
  chargedTo: Map<string, number>;
  requests(): number;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export const USAGE: { prompt_tokens: number; completion_tokens: number; total_tokens: number } = {
  prompt_tokens: 10,
  completion_tokens: 20,
  total_tokens: 30,
};

/**
 * OpenAI's chat completions, at once or streamed, with faults on schedule. Every
 * answer names its question and carries a serial number, so that none can be lost,
 * counted twice or given to another question without notice.
 */
export async function serveFaults(schedule: Schedule): Promise<FaultyServer> {
  const injected = new Map<Fault, number>();
  const delivered = new Set<number>();
  const brokenOff = new Set<number>();
  const charged = { outputTokens: 0, inputTokens: 0 };
  const chargedTo = new Map<string, number>();
  let requests = 0;
  let inFlight = 0;
  const waiting: (() => void)[] = [];

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const serial = requests++;
    inFlight += 1;
    outgoing.once("close", () => {
      inFlight -= 1;
      if (inFlight === 0) for (const settle of waiting.splice(0)) settle();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { messages, stream = false } = JSON.parse(Buffer.concat(chunks).toString()) as {
      messages: { role: string; content: string }[];
      stream?: boolean;
    };
    const question = messages.find(({ role }) => role === "user")?.content ?? "";
    const planned = schedule(serial);
    const isOfStreams = planned === "duplicate SSE" || planned === "truncated SSE";
    const fault = isOfStreams && !stream ? null : planned;
    if (fault !== null) injected.set(fault, (injected.get(fault) ?? 0) + 1);
    switch (fault) {
      case "429 with retry-after":
        return fail(outgoing, 429, "rate_limit_exceeded", { "retry-after-ms": "3" });
      case "429 without":
        return fail(outgoing, 429, "rate_limit_exceeded");
      case "500":
        return fail(outgoing, 500, "server_error");
      case "503":
        return fail(outgoing, 503, "overloaded");
      case "reset before the answer":
        return void outgoing.destroy();
      case "latency tail":
        await sleep(5 + (serial % 25));
    }
    charged.outputTokens += USAGE.completion_tokens;
    charged.inputTokens += USAGE.prompt_tokens;
    const key = incoming.headers.authorization?.replace("Bearer ", "") ?? "";
    chargedTo.set(key, (chargedTo.get(key) ?? 0) + 1);
    if (fault === "slow loris") return drip(outgoing);
    const text =
      fault === "empty text" || fault === "refusal" ? "" : `#${serial} \\boxed{${question}/${serial % 3}}`;
    const content = fault === "refusal" ? null : text;
    const finish_reason = fault === "cut off by the limit" ? "length" : "stop";
    const body = stream
      ? streamOf(serial, text, finish_reason, fault)
      : JSON.stringify({
          id: `chatcmpl-${serial}`,
          object: "chat.completion",
          created: 1,
          model: "gpt-test",
          choices: [
            {
              index: 0,
              finish_reason,
              message: { role: "assistant", content, refusal: fault === "refusal" ? "No." : null },
            },
          ],
          usage: USAGE,
        });
    outgoing.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
    if (fault === "wrong JSON") return void outgoing.end(stream ? "data: <html>oops\n\n" : "<html>oops");
    if (fault === "wrong shape") return void outgoing.end(stream ? "data: {}\n\ndata: [DONE]\n\n" : "{}");
    if (fault === "reset in the body") {
      outgoing.write(body.slice(0, Math.floor(body.length / 2)), () => outgoing.destroy());
      return;
    }
    outgoing.end(body);
    // A stream that breaks off is delivered as far as it goes; what it says is for the client to judge.
    (fault === "truncated SSE" ? brokenOff : delivered).add(serial);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    injected,
    delivered,
    brokenOff,
    charged,
    chargedTo,
    requests: () => requests,
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((settle) => waiting.push(settle))),
    close: () =>
      new Promise((settle) => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

function fail(outgoing: ServerResponse, status: number, code: string, headers = {}): void {
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(
    JSON.stringify({ error: { message: `${status} by schedule`, type: code, param: null, code } }),
  );
}

/** A byte now and then, until the client loses patience. */
function drip(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { "content-type": "application/json" });
  const timer = setInterval(() => outgoing.write(" "), 20);
  outgoing.once("close", () => clearInterval(timer));
}

function streamOf(serial: number, text: string, finish_reason: string, fault: Fault | null): string {
  const chunk = (choices: object[], usage: object | null = null): string =>
    `data: ${JSON.stringify({ id: `chatcmpl-${serial}`, object: "chat.completion.chunk", created: 1, model: "gpt-test", choices, usage })}\n\n`;
  const delta = (part: object, reason: string | null = null): string =>
    chunk([{ index: 0, delta: part, finish_reason: reason }]);
  const middle = Math.ceil(text.length / 2);
  const pieces = [
    delta({ role: "assistant", content: "" }),
    delta({ content: text.slice(0, middle) }),
    delta({ content: text.slice(middle) }),
  ];
  if (fault === "truncated SSE") return pieces.slice(0, 2).join("");
  const end = [delta({}, finish_reason), chunk([], USAGE), "data: [DONE]\n\n"];
  // The piece without text: a repeated word would be another answer.
  const repeated = fault === "duplicate SSE" ? [pieces[0] as string, ...end.slice(0, 1)] : [];
  return [...repeated.slice(0, 1), ...pieces, ...repeated.slice(1), ...end].join("");
}
