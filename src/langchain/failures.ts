/**
 * `retry`: passing, asked again after a while. `fail`: this sample is lost, and goes
 * back to the pool. `fatal`: every other call would fail alike, so the batch stops.
 * `suspect`: as `fatal`, unless a call of the batch has succeeded: then as `fail`.
 */
export type Treatment = "retry" | "fail" | "fatal" | "suspect";

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

/** An error whose meaning was judged where more was known than it says itself. */
export class JudgedFailure extends Error {
  override readonly name = "JudgedFailure";
  readonly failure: Failure;

  constructor(message: string, failure: Failure, cause: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Beside those of 500 and above, which all are. */
const PASSING = new Set([408, 409, 425, 429]);
/** Wrong key, no money, no such model. */
const FATAL = new Set([401, 402, 404]);
/** Not allowed: to anyone with this key, or this one question. */
const FORBIDDEN = 403;
const OVERLOADED = new Set([429, 503, 529]);
/** A gateway that gave up waiting: the model behind it may have answered, and charged. */
const MAYBE_ANSWERED = new Set([408, 504, 524]);

const NO_MONEY = /insufficient[_ -]?quota|credit balance|out of credits/i;
const BAD_KEY = /API[_ ]KEY[_ ]INVALID|API key not valid|API key expired/i;
const NO_PERMISSION =
  /\bkey\b|permission|access|credential|unauthori[sz]ed|not allowed|billing|subscription|account|region|country/i;
const MODERATED = /moderation|flagged|content (?:policy|filter)|safety/i;
/** More at once than the limit of a minute: it never passes, and says nothing about other calls. */
const TOO_LARGE = /request too large/i;
/** A quota of a day does not come back while a batch waits. */
const DAILY = /PerDay/;
const NEVER_ARRIVED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;
const BROKEN =
  /ECONNRESET|EPIPE|ETIMEDOUT|UND_ERR|fetch failed|connection error|socket hang up|premature close|terminated|network|timed? ?out/i;
const UNITS = "ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?";
/** "7s", "120 ms", "1h12m0.5s". */
const WAIT = new RegExp(
  String.raw`(?:retry|try again)(?: in| after)\s+((?:\d+(?:\.\d+)?\s?(?:${UNITS})(?![a-z])\s?){1,3})`,
  "i",
);
const WAIT_PART = new RegExp(String.raw`(\d+(?:\.\d+)?)\s?(${UNITS})(?![a-z])`, "gi");

/** Reads an error of any of LangChain's clients; what it does not know is a lost sample. */
export function classify(error: unknown): Failure {
  if (error instanceof JudgedFailure) return error.failure;
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
    const isFatal =
      FATAL.has(status) ||
      BAD_KEY.test(text) ||
      (status === 429 && isSpentQuota(error, text)) ||
      (status === FORBIDDEN && !MODERATED.test(text) && NO_PERMISSION.test(text));
    if (isFatal) return { ...failure("fatal", "fatal", true), isSlowDown: false };
    if (status === FORBIDDEN)
      return MODERATED.test(text) ? failure("refused", "fail", true) : failure("fatal", "suspect", true);
    if (status === 429 && TOO_LARGE.test(text))
      return { ...failure("refused", "fail", true), isSlowDown: false };
    const isPassing = PASSING.has(status) || status >= 500;
    const kind = status === 429 ? "rateLimit" : isPassing ? "serverError" : "refused";
    return failure(kind, isPassing ? "retry" : "fail", !MAYBE_ANSWERED.has(status) && !isOfStream(error));
  }
  if (NEVER_ARRIVED.test(text)) return failure("connection", "retry", true);
  // An abort that is none of ours is a time limit of the client.
  if (named(error, "TimeoutError", "AbortError")) return failure("timeout", "retry", false);
  if (named(error, "SyntaxError")) return failure("malformed", "retry", false);
  return BROKEN.test(text) ? failure("connection", "retry", false) : failure("other", "fail", false);
}

/** Whether it ends the batch, as it reaches whoever asked. */
export function endsBatch({ treatment }: Failure): boolean {
  return treatment === "fatal" || treatment === "suspect";
}

function isSpentQuota(error: unknown, text: string): boolean {
  const code = fields(error)["code"] ?? fields(fields(error)["error"])["code"];
  return code === "insufficient_quota" || NO_MONEY.test(text) || DAILY.test(text);
}

/** What the codes of gRPC and the words of services are as a status of HTTP. */
const GRPC: Record<number, number> = {
  3: 400,
  4: 504,
  5: 404,
  7: 403,
  8: 429,
  13: 500,
  14: 503,
  16: 401,
};
const IN_WORDS: Record<string, number> = {
  ThrottlingException: 429,
  TooManyRequestsException: 429,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  overloaded_error: 529,
  ServiceUnavailableException: 503,
  server_error: 500,
  api_error: 500,
  InternalServerException: 500,
  authentication_error: 401,
  permission_error: 403,
};

/** Where clients keep it: most as a number, Google's as text, those of gRPC as a code of their own. */
function statusOf(error: unknown): number | undefined {
  const { status, statusCode, status_code, code, response, $metadata } = fields(error);
  const { status: answered } = fields(response);
  const { httpStatusCode } = fields($metadata);
  const numbers = [status, statusCode, status_code, httpStatusCode, answered, code].map(Number);
  const found = numbers.find((each) => each >= 400 && each < 600);
  if (found !== undefined) return found;
  if (typeof code === "number" && Object.hasOwn(GRPC, code)) return GRPC[code];
  const word = [fields(error)["name"], ...wordsOf(error)].find((each) =>
    Object.hasOwn(IN_WORDS, each as string),
  );
  return word === undefined ? undefined : IN_WORDS[word as string];
}

/** The kinds that an error, or the body in it, calls itself. */
function wordsOf(error: unknown): unknown[] {
  const body = fields(fields(error)["error"]);
  return [error, body, body["error"]].flatMap((each) => [fields(each)["type"], fields(each)["code"]]);
}

/** Whether it came as an event of a stream: what came before may be charged. */
function isOfStream(error: unknown): boolean {
  const { status, statusCode, status_code, response, $metadata, code } = fields(error);
  const isOfReply = [status, statusCode, status_code, response, $metadata].some((each) => each !== undefined);
  return !isOfReply && !(Number(code) > 0);
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
  const wait = WAIT.exec(text)?.[1];
  if (wait === undefined) return undefined;
  return [...wait.matchAll(WAIT_PART)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitMs(unit),
    0,
  );
}

function unitMs(unit = "s"): number {
  if (/^(?:ms|mil)/i.test(unit)) return 1;
  return { s: 1000, m: 60_000, h: 3_600_000 }[(unit[0] as string).toLowerCase()] ?? 1000;
}

function headerOf(error: unknown, name: string): string | undefined {
  const headers = fields(error)["headers"] ?? fields(fields(error)["response"])["headers"];
  const plain = Object.entries(fields(headers)).find(([key]) => key.toLowerCase() === name)?.[1];
  const value: unknown = headers instanceof Headers ? headers.get(name) : plain;
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function named(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(fields(error)["name"] as string);
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
