import { OptionError } from "../core/errors.js";
import type { UncertaintyMeasure } from "../core/types.js";
import { variationRatio } from "../uncertainty/variation_ratio.js";
import { MISSING, clusters, groups } from "./clusters.js";
import type { Entry } from "./clusters.js";
import { byCodeUnit, elementKey, hasFields } from "./json_key.js";
import { below, everywhere } from "./rules.js";
import type { RulesAt } from "./rules.js";

/** Options of `meanOfFields()` and `worstOfFields()`. */
export interface FieldUncertaintyOptions {
  /** Disagreement within one field. Default `variationRatio`. */
  measure?: UncertaintyMeasure;
}

/** A measure of some fields. `withStructuredOutput()` tells it what its vote counts as the same value. */
export interface FieldMeasure extends UncertaintyMeasure {
  /** The fields. One that the schema does not have is refused. */
  paths: readonly string[];
  /** The same with the tolerances and array rules of a vote. */
  under(rulesAt: RulesAt): UncertaintyMeasure;
}

/**
 * The uncertainty of an object is the mean over some of its fields: for an object of
 * which only these matter. What counts as the same value is up to the vote that it is
 * given beside: `byField({ tolerance })`, say.
 *
 * @param paths names joined by dots, whatever arrays lie between; at least one
 * @throws {OptionError} if there is no path
 */
export function meanOfFields(paths: readonly string[], options: FieldUncertaintyOptions = {}): FieldMeasure {
  return fieldMeasure(
    "meanOfFields",
    paths,
    options,
    (all) => all.reduce((sum, uncertainty) => sum + uncertainty, 0) / all.length,
  );
}

/** As `meanOfFields`, but the field that the responses disagree on most decides. */
export function worstOfFields(paths: readonly string[], options: FieldUncertaintyOptions = {}): FieldMeasure {
  return fieldMeasure("worstOfFields", paths, options, (all) => Math.max(...all));
}

function fieldMeasure(
  option: string,
  paths: readonly string[],
  { measure = variationRatio }: FieldUncertaintyOptions,
  together: (uncertainties: readonly number[]) => number,
): FieldMeasure {
  if (
    !Array.isArray(paths) ||
    paths.length === 0 ||
    paths.some((path) => typeof path !== "string" || !path)
  ) {
    throw new OptionError(option, paths, 'Give the paths of fields, such as ["total", "lines.price"].');
  }
  const routes = paths.map((path: string) => path.split("."));
  const under =
    (rulesAt: RulesAt): UncertaintyMeasure =>
    (answers) => {
      const entries = answers.flatMap((answer, voter): Entry[] =>
        answer === null ? [] : [{ voter, value: JSON.parse(answer) as unknown }],
      );
      return together(
        routes.map((route) => {
          const texts = textsAt({ route, path: "", rulesAt }, entries);
          return measure(answers.map((_, voter) => texts.get(voter) ?? null));
        }),
      );
    };
  return Object.assign(under(everywhere), { paths: [...paths], under });
}

/** A place, and the way from there to the field. */
interface Way {
  route: readonly string[];
  /** As in `ObjectRules.fields`. */
  path: string;
  rulesAt: RulesAt;
}

/** What each voter has in a field: equal texts for what counts as the same value. */
function textsAt(way: Way, entries: readonly Entry[]): Map<number, string> {
  const [name, ...route] = way.route;
  const lists = entries.filter(({ value }) => Array.isArray(value));
  const others = entries.filter(({ value }) => !Array.isArray(value));
  const texts = listTexts(way, lists);
  if (name === undefined) {
    for (const { answer, entries: own } of clusters(others, way.rulesAt, way.path))
      for (const { voter } of own) texts.set(voter, answer);
    return texts;
  }
  const inner = others.map(({ voter, value }) => ({ voter, value: fieldOf(value, name) }));
  const there = inner.filter(({ value }) => value !== undefined);
  for (const { voter } of inner) texts.set(voter, MISSING);
  for (const [voter, text] of textsAt({ ...way, route, path: below(way.path, name) }, there))
    texts.set(voter, text);
  return texts;
}

/** Elements are compared with those that the rule of the array matches them with. */
function listTexts(way: Way, lists: readonly Entry[]): Map<number, string> {
  const rule = way.rulesAt(way.path).arrays;
  const elements = lists.flatMap(({ voter, value }) =>
    (value as unknown[]).map((element, position) => ({
      owner: voter,
      value: element,
      slot: rule.kind === "position" ? String(position) : nameOf(element),
    })),
  );
  function nameOf(element: unknown): string {
    return rule.kind === "set" ? "" : elementKey(element, rule, way.rulesAt, way.path);
  }
  const told = new Map(lists.map(({ voter }) => [voter, [] as string[]]));
  for (const [slot, own] of groups(elements, (element) => element.slot)) {
    const entries = own.map(({ value }, voter) => ({ voter, value }));
    for (const [place, text] of textsAt(way, entries))
      told.get(own[place]?.owner ?? -1)?.push(`${slot}:${text}`);
  }
  return new Map(
    [...told].map(([voter, texts]) => {
      const all = texts.toSorted(byCodeUnit);
      return [voter, `[${(rule.kind === "set" ? [...new Set(all)] : all).join(",")}]`];
    }),
  );
}

/** Its own field, if it has fields. */
function fieldOf(value: unknown, name: string): unknown {
  return hasFields(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
