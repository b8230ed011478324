import { WRAPPED_FIELDS } from "./model.js";

const HIDDEN = "[hidden]";

/** What looks like a key, wherever it comes from. */
const KEYS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer\s+)[\w.~+/=-]{8,}/gi, `$1${HIDDEN}`],
  [/\bsk-[\w-]{12,}/g, HIDDEN],
  [/\bAIza[\w-]{20,}/g, HIDDEN],
  [/([?&](?:api[-_]?|access[-_]?)?(?:key|token)=)[^&\s"'<>]+/gi, `$1${HIDDEN}`],
];

/** Characters of a key at least; what is shorter may be a word. */
const SHORTEST = 8;

/** The values of what a model, or one inside it, declares as its secrets; the longest first. */
export function secretsOf(model: object): readonly string[] {
  return findSecrets(model, 0).toSorted((a, b) => b.length - a.length);
}

function findSecrets(part: unknown, depth: number): string[] {
  if (typeof part !== "object" || part === null || depth > 6) return [];
  if (Array.isArray(part)) return part.flatMap((each) => findSecrets(each, depth + 1));
  const fields = part as Record<string, unknown>;
  const { lc_secrets: declared, lc_kwargs: given } = fields as Record<
    string,
    Record<string, unknown> | undefined
  >;
  const own = Object.keys(declared ?? {}).flatMap((name) => [fields[name], given?.[name]]);
  const texts = own.filter((value): value is string => typeof value === "string" && value.length >= SHORTEST);
  return [...texts, ...WRAPPED_FIELDS.flatMap((name) => findSecrets(fields[name], depth + 1))];
}

/**
 * Hides keys in an error and in its causes: providers and proxies echo them, and URLs
 * hold them. Errors are changed as they are, so that all who see them see the same; what
 * they refer to may be in use elsewhere and is replaced.
 */
export function hideSecrets(error: unknown, secrets: readonly string[] = []): void {
  hideIn(error, secrets, new Set());
}

function hideIn(error: unknown, secrets: readonly string[], seen: Set<unknown>): void {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  for (const name of Object.getOwnPropertyNames(error)) {
    try {
      const value: unknown = Reflect.get(error, name);
      const hidden = withoutSecrets(value, secrets, seen, 0);
      if (hidden !== value) Object.defineProperty(error, name, { value: hidden });
    } catch {
      // A property that nobody may read or write.
    }
  }
}

/** The value itself, or a copy if there is anything to hide. */
function withoutSecrets(
  value: unknown,
  secrets: readonly string[],
  seen: Set<unknown>,
  depth: number,
): unknown {
  if (typeof value === "string") return hiddenIn(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) hideIn(value, secrets, seen);
  if (value instanceof Error || ArrayBuffer.isView(value) || seen.has(value) || depth > 6) return value;
  seen.add(value);
  const entries = Object.entries(value);
  const hidden = entries.map(
    ([name, each]) => [name, withoutSecrets(each, secrets, seen, depth + 1)] as const,
  );
  if (hidden.every(([, each], place) => each === entries[place]?.[1])) return value;
  if (Array.isArray(value)) return hidden.map(([, each]) => each);
  return Object.assign(
    Object.create(Object.getPrototypeOf(value) as object | null) as object,
    Object.fromEntries(hidden),
  );
}

function hiddenIn(text: string, secrets: readonly string[]): string {
  const plain = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return KEYS.reduce((rest, [form, stand]) => rest.replace(form, stand), plain);
}
