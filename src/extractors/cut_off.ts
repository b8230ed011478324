/** What a message tells of its end; every chat model of LangChain fills it in. */
export interface EndedMessage {
  response_metadata?: Readonly<Record<string, unknown>>;
}

/** How providers say that the output limit, or a filter, cut a response off. */
const CUT_OFF = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_length",
  "MAX_TOKENS",
  "content_filter",
  "SAFETY",
  "RECITATION",
  "PROHIBITED_CONTENT",
  "BLOCKLIST",
  "SPII",
]);

const FINISH_FIELDS = ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"] as const;

/** Whether its last words may be missing. */
export function isCutOff(message: EndedMessage): boolean {
  return CUT_OFF.has(finishReason(message));
}

/** Where providers' clients keep why a response ended; of OpenAI's Responses API, why it ended too early. */
export function finishReason({ response_metadata }: EndedMessage): string {
  const metadata = response_metadata ?? {};
  const incomplete = metadata["incomplete_details"] as { reason?: unknown } | null | undefined;
  const found = FINISH_FIELDS.map((field) => metadata[field]).find((reason) => typeof reason === "string");
  return String(found ?? incomplete?.reason ?? "unknown");
}
