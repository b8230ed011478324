import { OptionError, requireKnownKeys } from "../core/errors.js";

/** How the elements of an array are matched between objects. */
export type ArrayRule = { kind: "position" } | { kind: "set" } | { kind: "key"; name: string };

/** Elements count where they stand: another order is another array. The default. */
export const byPosition: ArrayRule = { kind: "position" };

/** Order and repetition do not count. */
export const asSet: ArrayRule = { kind: "set" };

/**
 * Elements are objects that one of their fields names, such as `byKey("sku")`; order
 * does not count. An element without that field is matched as a whole.
 *
 * @throws {OptionError} if `name` is no name
 */
export function byKey(name: string): ArrayRule {
  if (typeof name !== "string" || name === "") {
    throw new OptionError("byKey", name, 'Give the name of a field of the elements, such as byKey("sku").');
  }
  return { kind: "key", name };
}

/** Whether two numbers count as the same value. It must not depend on their order. */
export type Tolerance = (a: number, b: number) => boolean;

/** Numbers are the same only if they are equal. The default. */
export const exact: Tolerance = (a, b) => a === b;

/**
 * Numbers that lie at most `distance` apart are the same.
 *
 * @throws {OptionError} unless `distance` is a number of at least 0
 */
export function absolute(distance: number): Tolerance {
  requireDistance("absolute", distance);
  return (a, b) => Math.abs(a - b) <= distance;
}

/**
 * Numbers that lie at most `share` of the larger magnitude apart are the same: 0.01 is one percent.
 *
 * @throws {OptionError} unless `share` is a number of at least 0
 */
export function relative(share: number): Tolerance {
  requireDistance("relative", share);
  return (a, b) => Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b));
}

/** What counts as the same value in a field. */
export interface FieldRules {
  /** For a field that holds an array. Default `byPosition`. */
  arrays?: ArrayRule;
  /** For a field that holds a number, or an array of numbers by position. Default `exact`. */
  tolerance?: Tolerance;
}

/** Rules for all fields, and for some. */
export interface ObjectRules extends FieldRules {
  /**
   * Rules of single fields, by their path: names joined by dots, whatever arrays lie
   * between. `"lines.price"` is the price of every line. Not inherited by what is inside.
   */
  fields?: Record<string, FieldRules>;
}

/** The rules at a path, as in `ObjectRules.fields`. */
export type RulesAt = (path: string) => Required<FieldRules>;

/** The defaults, at every path. */
export const everywhere: RulesAt = () => ({ arrays: byPosition, tolerance: exact });

const RULES = ["arrays", "tolerance"];

/** @throws {OptionError} if an option is unknown or no such value */
export function resolveRules(option: string, rules: ObjectRules): RulesAt {
  requireKnownKeys(option, rules, [...RULES, "fields"]);
  const { fields = {}, arrays = byPosition, tolerance = exact } = rules;
  requireRules(option, rules);
  const own = new Map<string, Required<FieldRules>>();
  for (const [path, each] of Object.entries(fields)) {
    requireKnownKeys(`${option}.fields.${path}`, each, RULES);
    requireRules(`${option}.fields.${path}`, each);
    own.set(path, { arrays, tolerance, ...each });
  }
  const all = { arrays, tolerance };
  return (path) => own.get(path) ?? all;
}

/** The path of a field of what stands at `path`. */
export function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function requireRules(option: string, { arrays, tolerance }: FieldRules): void {
  if (arrays !== undefined && !["position", "set", "key"].includes(arrays?.kind)) {
    throw new OptionError(`${option}.arrays`, arrays, 'Give byPosition, asSet or byKey("name").');
  }
  if (tolerance !== undefined && typeof tolerance !== "function") {
    throw new OptionError(`${option}.tolerance`, tolerance, "Give exact, absolute(0.01) or relative(0.01).");
  }
}

function requireDistance(option: string, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0)) {
    throw new OptionError(option, value, "Give a number of at least 0.");
  }
}
