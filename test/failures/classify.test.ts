import { describe, expect, it } from "vitest";
import { classify } from "../../src/langchain/failures.js";

function http(status: number, message = "no", more: object = {}): Error {
  return Object.assign(new Error(message), { status, ...more });
}

function named(name: string, more: object = {}, message = "no"): Error {
  return Object.assign(new Error(message), { name, ...more });
}

describe("what the error of a call means", () => {
  it.each<[string, unknown, object]>([
    [
      "a rate limit",
      http(429),
      { kind: "rateLimit", treatment: "retry", isSlowDown: true, isUnbilled: true },
    ],
    [
      "a rate limit that says how long",
      http(429, "no", { headers: new Headers({ "retry-after": "7" }) }),
      { retryAfterMs: 7000 },
    ],
    [
      "one in plain headers",
      http(429, "no", { headers: { "retry-after-ms": "250" } }),
      { retryAfterMs: 250 },
    ],
    [
      "one in the response",
      http(429, "no", { response: { headers: { "retry-after": "2" } } }),
      { retryAfterMs: 2000 },
    ],
    [
      "Gemini's quota in words",
      http(
        429,
        "You exceeded your current quota, please check your plan and billing details. Please retry in 17.5s.",
      ),
      { kind: "rateLimit", treatment: "retry", retryAfterMs: 17_500 },
    ],
    [
      "Gemini's quota in details",
      http(429, "no", { errorDetails: [{ "@type": "RetryInfo", retryDelay: "33s" }] }),
      { treatment: "retry", retryAfterMs: 33_000 },
    ],
    [
      "Gemini's quota of a day",
      http(429, "no", { errorDetails: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }] }),
      { kind: "fatal", treatment: "fatal", isSlowDown: false },
    ],
    ["minutes in words", http(429, "Please try again in 2m."), { retryAfterMs: 120_000 }],
    ["milliseconds in words", http(429, "Please try again in 120ms."), { retryAfterMs: 120 }],
    ["no money", http(429, "no", { code: "insufficient_quota" }), { treatment: "fatal", isSlowDown: false }],
    ["a bad key", http(401), { kind: "fatal", treatment: "fatal", isUnbilled: true }],
    [
      "Gemini's bad key",
      http(400, "API key not valid. Please pass a valid API key."),
      { treatment: "fatal" },
    ],
    ["no access", http(403, "Your key has no permission."), { treatment: "fatal" }],
    ["no access, and no word why", http(403), { kind: "fatal", treatment: "suspect" }],
    [
      "moderation of one question",
      http(403, "Your chosen model requires moderation and your input was flagged."),
      { kind: "refused", treatment: "fail", isUnbilled: true },
    ],
    [
      "one question above the limit of a minute",
      http(429, "Request too large for gpt-5 on tokens per min (TPM): Limit 10000, Requested 12000."),
      { kind: "refused", treatment: "fail", isSlowDown: false },
    ],
    ["no such model", http(404), { treatment: "fatal" }],
    [
      "a server error",
      http(500),
      { kind: "serverError", treatment: "retry", isSlowDown: false, isUnbilled: true },
    ],
    ["an overload", http(503), { treatment: "retry", isSlowDown: true, isUnbilled: true }],
    ["a gateway that gave up", http(504), { treatment: "retry", isUnbilled: false }],
    [
      "a refused request",
      http(400, "context too long"),
      { kind: "refused", treatment: "fail", isUnbilled: true },
    ],
    [
      "nobody there",
      new Error("Connection error.", {
        cause: Object.assign(new Error("fetch failed"), { code: "ECONNREFUSED" }),
      }),
      { kind: "connection", treatment: "retry", isUnbilled: true },
    ],
    [
      "a broken connection",
      new TypeError("terminated", {
        cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
      }),
      { kind: "connection", treatment: "retry", isUnbilled: false },
    ],
    [
      "a time-out",
      Object.assign(new Error("late"), { name: "TimeoutError" }),
      { kind: "timeout", treatment: "retry", isUnbilled: false },
    ],
    [
      "malformed JSON",
      new SyntaxError("Unexpected token <"),
      { kind: "malformed", treatment: "retry", isUnbilled: false },
    ],
    [
      "anything else",
      new Error("no idea"),
      { kind: "other", treatment: "fail", isSlowDown: false, isUnbilled: false },
    ],
    ["no error at all", "words", { kind: "other", treatment: "fail" }],
    [
      "Bedrock's throttling",
      named("ThrottlingException", { $metadata: { httpStatusCode: 429 } }),
      { kind: "rateLimit", treatment: "retry", isSlowDown: true, isUnbilled: true },
    ],
    [
      "Bedrock's throttling in a stream",
      named("ThrottlingException"),
      { kind: "rateLimit", treatment: "retry" },
    ],
    [
      "Bedrock's missing access",
      named(
        "AccessDeniedException",
        { $metadata: { httpStatusCode: 403 } },
        "You don't have access to the model",
      ),
      { treatment: "fatal" },
    ],
    ["a busy Ollama", named("ResponseError", { status_code: 503 }), { treatment: "retry", isSlowDown: true }],
    [
      "Vertex's quota over gRPC",
      named("Error", { code: 8 }),
      { kind: "rateLimit", isSlowDown: true, isUnbilled: true },
    ],
    [
      "a status as text",
      named("Error", { code: "429" }),
      { kind: "rateLimit", isSlowDown: true, isUnbilled: true },
    ],
    [
      "an overload in the middle of a stream",
      named("Error", { error: { type: "error", error: { type: "overloaded_error" } } }),
      { treatment: "retry", isSlowDown: true, isUnbilled: false },
    ],
    [
      "a server error in the middle of a stream",
      named("Error", { status: undefined, type: "server_error" }),
      { kind: "serverError", treatment: "retry", isUnbilled: false },
    ],
    [
      "a time limit of the client",
      named("AbortError"),
      { kind: "timeout", treatment: "retry", isUnbilled: false },
    ],
    ["headers in any case", http(429, "no", { headers: { "Retry-After": "7" } }), { retryAfterMs: 7000 }],
    ["minutes and seconds in words", http(429, "Please try again in 6m0s. Visit"), { retryAfterMs: 360_000 }],
    ["fractions of them", http(429, "Please try again in 1m30.5s."), { retryAfterMs: 90_500 }],
    ["hours, too", http(429, "Please try again in 1h12m0s."), { retryAfterMs: 4_320_000 }],
  ])("is read from %s", (_what, error, meaning) => {
    expect(classify(error)).toMatchObject(meaning);
  });

  it("is read in bounded time from a message of a megabyte and from causes that go round", () => {
    const error: Error & { cause?: unknown } = new Error("retry in ".repeat(100_000));
    error.cause = error;
    expect(classify(error).treatment).toBe("fail");
  });
});
