import { PAPER_BANDIT, PAPER_CHAIN, paperDefaults } from "../baselines/paper_defaults.js";
import { OptionError } from "../core/errors.js";
import { DEFAULT_METHOD } from "../method.js";
import type { MethodFields } from "../method.js";
import { allResponses, integrated } from "../samplers/integrated.js";
import type { IntegratedOptions } from "../samplers/integrated.js";
import { conditionedOnly, majorityOf } from "../voting/majority.js";
import { ALLOCATORS, METHODS, PROMPTS, UNCERTAINTY } from "./families.js";
import { names, wholeNumber } from "./flags.js";
import { TUNING_HELP, readTuning, tuned } from "./tuning.js";
import type { Tuning } from "./tuning.js";
import { UsageError } from "./usage_error.js";

/** How methods are written on the command line. */
export const METHODS_HELP: string = `A METHOD is a name, or a name with changes joined by "+", such as
withoutIntegratedSampling+inverseMargin+c=1+share=0.05+unit=1.

  names                      ${names(METHODS)}
  prompts of the chains      ${names(PROMPTS)}
  chains quote all units     allResponses
  tokens quoted of each      maxThoughtTokens=NUMBER
  only conditioned vote      conditionedOnly
  allocators                 ${names(ALLOCATORS)}
  uncertainty measures       ${names(UNCERTAINTY)}
${TUNING_HELP}
  samples per unit           unit=NUMBER
`;

/** @throws {UsageError} that names the part which is unknown */
export function parseMethods(text: string): Record<string, MethodFields> {
  const specs = text.split(",").map((spec) => spec.trim());
  const repeated = specs.find((spec, place) => specs.indexOf(spec) < place);
  if (repeated !== undefined) throw new UsageError(`--methods: "${repeated}" stands there twice.`);
  return Object.fromEntries(specs.map((spec) => [spec, parseMethod(spec)]));
}

/** A method that is being put together. */
interface Draft {
  fields: MethodFields;
  chain: IntegratedOptions;
  tuning: Tuning;
}

function parseMethod(spec: string): MethodFields {
  const [name = "", ...changes] = spec.split("+");
  const base = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (base === undefined)
    throw new UsageError(`--methods: got "${spec}". Known names are ${names(METHODS)}.`);
  const draft: Draft = { fields: { ...base() }, chain: {}, tuning: {} };
  const made = new Set<string>();
  for (const change of changes) {
    const what = change.includes("=") ? setNumber(spec, change, draft) : setPart(change, draft);
    if (what === null) {
      throw new UsageError(
        `--methods: got "${spec}", of which "${change}" is unknown. See dynscaling eval --help.`,
      );
    }
    if (made.has(what))
      throw new UsageError(`--methods: got "${spec}", which changes the ${what} more than once.`);
    made.add(what);
  }
  return finish(spec, draft, made, name === paperDefaults.name);
}

/** @returns what is changed; `null` if the change is unknown */
function setPart(change: string, { fields, chain }: Draft): string | null {
  if (Object.hasOwn(PROMPTS, change)) {
    Object.assign(chain, { prompt: PROMPTS[change] });
    return "prompt";
  }
  if (change === "allResponses") {
    chain.thoughtPool = allResponses;
    return "quoted responses";
  }
  if (change === "conditionedOnly") {
    fields.voting = majorityOf({ voters: conditionedOnly });
    return "voters";
  }
  if (Object.hasOwn(ALLOCATORS, change)) {
    Object.assign(fields, { allocator: ALLOCATORS[change]?.() });
    return "allocator";
  }
  if (Object.hasOwn(UNCERTAINTY, change)) {
    Object.assign(fields, { uncertainty: UNCERTAINTY[change] });
    return "uncertainty measure";
  }
  return null;
}

/** Likewise. */
function setNumber(spec: string, change: string, { fields, chain, tuning }: Draft): string | null {
  const split = change.indexOf("=");
  const [key, value] = [change.slice(0, split), change.slice(split + 1)];
  const option = `methods ${spec}, ${key}`;
  if (key === "maxThoughtTokens") {
    chain.maxThoughtTokens = wholeNumber(option, value, 1);
    return "quoted tokens";
  }
  if (key === "unit") {
    fields.unitSamples = wholeNumber(option, value, 1);
    return "unit";
  }
  return readTuning(`methods ${spec}`, change, tuning);
}

/** @throws {UsageError} if a change has nothing to change in this method, instead of another method under its name */
function finish(
  spec: string,
  { fields, chain, tuning }: Draft,
  made: ReadonlySet<string>,
  isPaper: boolean,
): MethodFields {
  const { sampler = DEFAULT_METHOD.sampler, allocator = DEFAULT_METHOD.allocator } = fields;
  const given = `--methods: got "${spec}"`;
  const chained = Object.keys(chain).length > 0;
  if ((chained || made.has("voters")) && sampler.name !== DEFAULT_METHOD.sampler.name) {
    throw new UsageError(
      `${given}, which has no synthetic chains to change; its sampler is ${sampler.name}.`,
    );
  }
  const isTuned = Object.keys(tuning).length > 0;
  try {
    return {
      ...fields,
      // What is not changed stays as the paper has it.
      ...(chained && { sampler: integrated({ ...(isPaper && PAPER_CHAIN), ...chain }) }),
      ...(isTuned && { allocator: tuned(given, allocator.name, tuning, isPaper ? PAPER_BANDIT : {}) }),
    };
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(`${given}. ${error.message}`) : error;
  }
}
