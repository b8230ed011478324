/**
 * `retry`: passing, asked again after a while. `fail`: this sample is lost, and goes
 * back to the pool. `fatal`: every other call would fail alike, so the batch stops.
 */
export type Treatment = "retry" | "fail" | "fatal";

/**
 * `unusable`: there was a response, without text, or one whose answer could not be read.
 * `fatal`: a bad key, no money, no such model.
 */
export type FailureKind =
  | "rateLimit"
  | "serverError"
  | "connection"
  | "timeout"
  | "malformed"
  | "refused"
  | "fatal"
  | "unusable"
  | "other";

/** What the error of a call means. */
export interface Failure {
  kind: FailureKind;
  treatment: Treatment;
  /** Whether the service asks everybody to slow down. */
  isSlowDown: boolean;
  /** Whether the provider surely charges nothing: it refused the call, or never got it. */
  isUnbilled: boolean;
  /** Milliseconds that the service asks to wait; `undefined` if it does not say. */
  retryAfterMs: number | undefined;
}

/** A call that failed before the batch was started again; it counts as it did then, and nothing is sent. */
export class PastFailure extends Error {
  override readonly name = "PastFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(`The call failed before the batch was started again (${kind}).`);
    this.kind = kind;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Beside those of 500 and above, which all are. */
const PASSING = new Set([408, 409, 425, 429]);
/** Wrong key, no money, not allowed, no such model. */
const FATAL = new Set([401, 402, 403, 404]);
const OVERLOADED = new Set([429, 503, 529]);
/** A gateway that gave up waiting: the model behind it may have answered, and charged. */
const MAYBE_ANSWERED = new Set([408, 504, 524]);

const NO_MONEY = /insufficient[_ -]?quota|credit balance|out of credits/i;
const BAD_KEY = /API[_ ]KEY[_ ]INVALID|API key not valid|API key expired/i;
/** A quota of a day does not come back while a batch waits. */
const DAILY = /PerDay/;
const NEVER_ARRIVED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;
const BROKEN =
  /ECONNRESET|EPIPE|ETIMEDOUT|UND_ERR|fetch failed|connection error|socket hang up|premature close|terminated|network|timed? ?out/i;
const WAIT =
  /(?:retry|try again)(?: in| after)\s+(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b/i;
const UNIT_MS: Record<string, number> = { ms: 1, mi: 60_000, m: 60_000, s: 1000, h: 3_600_000 };

/** Reads an error of any of LangChain's clients; what it does not know is a lost sample. */
export function classify(error: unknown): Failure {
  if (error instanceof PastFailure) {
    const { kind } = error;
    return { kind, treatment: "fail", isSlowDown: false, isUnbilled: false, retryAfterMs: undefined };
  }
  const status = statusOf(error);
  const text = textOf(error);
  const retryAfterMs = retryAfter(error, text);
  const failure = (kind: FailureKind, treatment: Treatment, isUnbilled: boolean): Failure => {
    return { kind, treatment, isSlowDown: OVERLOADED.has(status ?? 0), isUnbilled, retryAfterMs };
  };
  if (status !== undefined) {
    const isFatal = FATAL.has(status) || BAD_KEY.test(text) || (status === 429 && isSpentQuota(error, text));
    if (isFatal) return { ...failure("fatal", "fatal", true), isSlowDown: false };
    const isPassing = PASSING.has(status) || status >= 500;
    const kind = status === 429 ? "rateLimit" : isPassing ? "serverError" : "refused";
    return failure(kind, isPassing ? "retry" : "fail", !MAYBE_ANSWERED.has(status));
  }
  if (NEVER_ARRIVED.test(text)) return failure("connection", "retry", true);
  if (named(error, "TimeoutError")) return failure("timeout", "retry", false);
  if (named(error, "SyntaxError")) return failure("malformed", "retry", false);
  return BROKEN.test(text) ? failure("connection", "retry", false) : failure("other", "fail", false);
}

function isSpentQuota(error: unknown, text: string): boolean {
  const code = fields(error)["code"] ?? fields(fields(error)["error"])["code"];
  return code === "insufficient_quota" || NO_MONEY.test(text) || DAILY.test(text);
}

function statusOf(error: unknown): number | undefined {
  const { status, statusCode, response } = fields(error) as Fields & {
    status?: unknown;
    statusCode?: unknown;
  };
  const found = [status, statusCode, fields(response)["status"]].find((each) => typeof each === "number");
  return typeof found === "number" && found >= 400 ? found : undefined;
}

/** The message and the codes of an error and of its causes. */
function textOf(error: unknown, depth = 0): string {
  if (depth > 4 || typeof error !== "object" || error === null) return "";
  const { message, code, cause, errorDetails } = error as Fields & { message?: unknown; code?: unknown };
  const details = Array.isArray(errorDetails) ? JSON.stringify(errorDetails).slice(0, 4000) : "";
  return `${String(message ?? "").slice(0, 4000)} ${String(code ?? "")} ${details} ${textOf(cause, depth + 1)}`;
}

/** From the header, from Gemini's `RetryInfo`, or from what the message says. */
function retryAfter(error: unknown, text: string): number | undefined {
  const seconds = Number(headerOf(error, "retry-after"));
  const exact = Number(headerOf(error, "retry-after-ms"));
  if (Number.isFinite(exact)) return exact;
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(headerOf(error, "retry-after") ?? "");
  if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  const delay = /"retryDelay":"(\d+(?:\.\d+)?)s"/.exec(text)?.[1];
  if (delay !== undefined) return Number(delay) * 1000;
  const [, amount, unit = ""] = WAIT.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const name = unit.toLowerCase();
  const size =
    UNIT_MS[name.startsWith("mil") ? "ms" : name.slice(0, 2)] ?? UNIT_MS[name[0] as string] ?? 1000;
  return Number(amount) * size;
}

function headerOf(error: unknown, name: string): string | undefined {
  const headers = fields(error)["headers"] ?? fields(fields(error)["response"])["headers"];
  const value: unknown = headers instanceof Headers ? headers.get(name) : fields(headers)[name];
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function named(error: unknown, name: string): boolean {
  return fields(error)["name"] === name;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
