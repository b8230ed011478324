import { z } from "zod";
import type { ModelReply, ModelRequest, ProtocolServer } from "../support/protocol_server.js";

/** A small invoice, nested and with a list. */
export const invoice: z.ZodType<Invoice> = z.object({
  vendor: z.string(),
  total: z.number().nonnegative(),
  lines: z.array(z.object({ sku: z.string(), price: z.number() })),
});

export interface Invoice {
  vendor: string;
  total: number;
  lines: { sku: string; price: number }[];
}

/** The same as JSON schema. */
export const invoiceJsonSchema: Record<string, unknown> = {
  title: "invoice",
  type: "object",
  properties: {
    vendor: { type: "string" },
    total: { type: "number", minimum: 0 },
    lines: {
      type: "array",
      items: {
        type: "object",
        properties: { sku: { type: "string" }, price: { type: "number" } },
        required: ["sku", "price"],
        additionalProperties: false,
      },
    },
  },
  required: ["vendor", "total", "lines"],
  additionalProperties: false,
};

export const right: Invoice = {
  vendor: "Acme Inc",
  total: 12.5,
  lines: [
    { sku: "A-1", price: 10 },
    { sku: "B-2", price: 2.5 },
  ],
};

export const wrong: Invoice = { ...right, total: 13 };

/** As a model says an object, in the form that the request asks for. */
export function said(object: unknown, { body }: ModelRequest): ModelReply {
  if (body["tools"] === undefined) return { text: JSON.stringify(object) };
  return { text: "", toolCalls: [{ name: functionOf(body), args: object as Record<string, unknown> }] };
}

/** No JSON, in the form that the request asks for. */
export function garbled({ body }: ModelRequest, text = '{"vendor": '): ModelReply {
  if (body["tools"] === undefined) return { text };
  return { text: "", toolCalls: [{ name: functionOf(body), args: text }] };
}

function functionOf({ tools }: Record<string, unknown>): string {
  const [tool] = tools as [
    { name?: string; function?: { name: string }; functionDeclarations?: { name: string }[] },
  ];
  return tool.function?.name ?? tool.functionDeclarations?.[0]?.name ?? tool.name ?? "";
}

/** The conditioned requests: those with more than the user's own turn. */
export function conditioned({ requests }: ProtocolServer): ModelRequest[] {
  return requests.filter(({ turns }) => turns.length > 1);
}
