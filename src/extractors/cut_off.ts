/** What a message tells of its end; every chat model of LangChain fills it in. */
export interface EndedMessage {
  response_metadata?: Readonly<Record<string, unknown>>;
}

/** Of a stream that ended without a word on how the response did, nor on what it cost. */
export const BROKEN_OFF = "broken_off";

/** How providers say that a limit, a filter or a refusal cut a response off, or that it is to go on. */
const CUT_OFF = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_length",
  "MAX_TOKENS",
  "model_context_window_exceeded",
  "pause_turn",
  "content_filter",
  "content_filtered",
  "guardrail_intervened",
  "refusal",
  "sensitive",
  "insufficient_system_resource",
  "network_error",
  "SAFETY",
  "RECITATION",
  "PROHIBITED_CONTENT",
  "BLOCKLIST",
  "SPII",
  "LANGUAGE",
  "OTHER",
  "IMAGE_SAFETY",
  "MALFORMED_FUNCTION_CALL",
  "ERROR",
  "ERROR_LIMIT",
  "ERROR_TOXIC",
  BROKEN_OFF,
]);

const FINISH_FIELDS = ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"] as const;

/** Whether its last words may be missing. */
export function isCutOff(message: EndedMessage): boolean {
  return CUT_OFF.has(finishReason(message));
}

/** Whether an extractor may read it: of a response that was cut off, only one that takes the message too, and so can know. */
export function mayRead(extractor: { readonly length: number }, message: EndedMessage): boolean {
  return extractor.length > 1 || !isCutOff(message);
}

/** What was surely written to its end: the lines before the last. */
export function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** Where providers' clients keep why a response ended; of OpenAI's Responses API, why it ended too early. */
export function finishReason({ response_metadata }: EndedMessage): string {
  const metadata = response_metadata ?? {};
  // No lists: it is asked of every response.
  for (const field of FINISH_FIELDS) {
    const reason = metadata[field];
    if (typeof reason === "string") return reason;
  }
  const incomplete = metadata["incomplete_details"] as { reason?: unknown } | null | undefined;
  return String(incomplete?.reason ?? "unknown");
}
