import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { UsageError } from "./usage_error.js";

/** What a command understands, as `parseArgs` takes it. */
export type Flags = NonNullable<ParseArgsConfig["options"]>;

interface Config<Known extends Flags> {
  args: string[];
  options: Known;
  allowPositionals: true;
}

/** @throws {UsageError} at an unknown option, with the command whose help tells the known ones */
export function parseFlags<Known extends Flags>(
  command: string,
  args: string[],
  options: Known,
): ReturnType<typeof parseArgs<Config<Known>>> {
  try {
    return parseArgs<Config<Known>>({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}. See dynscaling ${command} --help.`);
  }
}

/** The one file that a command reads. */
export function oneFile(positionals: readonly string[], missing: string, what: string): string {
  const [file, ...extra] = positionals;
  if (file === undefined) throw new UsageError(missing);
  if (extra.length > 0) throw new UsageError(`One ${what} at a time; "${extra[0]}" is one too many.`);
  return file;
}

export function number(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < minimum) {
    throw new UsageError(`--${option}: got "${text}". Give a number of at least ${minimum}.`);
  }
  return value;
}

export function wholeNumber(option: string, text: string, minimum: number): number {
  const value = number(option, text, minimum);
  if (!Number.isSafeInteger(value)) {
    throw new UsageError(`--${option}: got "${text}". Give a whole number of at least ${minimum}.`);
  }
  return value;
}

export function ifGiven<Value>(
  read: (option: string, text: string, minimum: number) => Value,
  option: string,
  text: string | undefined,
  minimum: number,
): Value | undefined {
  return text === undefined ? undefined : read(option, text, minimum);
}

/** Numbers between commas. */
export function numbers(option: string, text: string, minimum: number): number[] {
  return text.split(",").map((part) => number(option, part, minimum));
}

export function named<Member>(
  option: string,
  name: string,
  family: Record<string, Member>,
  known: string = names(family),
): Member {
  if (!Object.hasOwn(family, name))
    throw new UsageError(`--${option}: got "${name}". Known names are ${known}.`);
  return family[name] as Member;
}

export function names(family: Record<string, unknown>): string {
  return Object.keys(family).join(", ");
}
