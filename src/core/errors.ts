/** A wrong option, found before anything was spent. The message names the option, the value and the fix. */
export class OptionError extends Error {
  override readonly name = "DynScalingOptionError";
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, value: unknown, fix: string) {
    super(`${option}: got ${show(value)}. ${fix}`);
    this.option = option;
    this.value = value;
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return `an object with keys ${Object.keys(value).join(", ") || "(none)"}`;
  return String(value);
}

/** @throws {OptionError} unless `value` is a whole number of at least `minimum` */
export function requireInteger(option: string, value: unknown, minimum: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    throw new OptionError(option, value, `Give a whole number of at least ${minimum}.`);
  }
}

/** @throws {OptionError} if `value` has a key that is not among `known` */
export function requireKnownKeys(option: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new OptionError(
        `${option}.${key}`,
        (value as Record<string, unknown>)[key],
        `There is no such option; known are ${known.join(", ")}.`,
      );
    }
  }
}
