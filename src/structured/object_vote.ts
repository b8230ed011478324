import { requireKnownKeys } from "../core/errors.js";
import { countVotes } from "../core/votes.js";
import { fieldVote } from "./field_vote.js";
import { byCodeUnit, jsonKey, mostSpelled, spelling } from "./json_key.js";
import type { FieldAgreement } from "./poll.js";
import { resolveRules } from "./rules.js";
import type { FieldRules, ObjectRules, RulesAt } from "./rules.js";

/** One response that holds an object of the schema. */
export interface Ballot {
  /** Canonical JSON: what the response votes for. */
  answer: string;
  object: unknown;
}

/** What a vote on objects comes to. */
export interface Verdict {
  object: unknown;
  /** One entry for every place in which the responses could differ, in the order of the object. */
  fields: readonly FieldAgreement[];
  /** How far the responses agree on the object, from 0 to 1. Default: its share of the votes as a whole. */
  agreement?: number;
}

/** How objects are voted on. */
export interface ObjectVote {
  /** Name shown in errors. */
  name: string;
  /** Canonical JSON under which an object votes as a whole. */
  key(object: unknown): string;
  /**
   * The object to return, given all that vote and the one that the voting rule elected.
   * What it puts together is returned only if the schema accepts it as it is, or makes the
   * very same of it put together as the responses wrote it, before the schema transformed it.
   *
   * @param ballots at least one
   */
  decide(ballots: readonly Ballot[], elected: Ballot): Verdict;
  /** What to return where the schema refuses all that `decide` puts together. Default: that of `wholeObject`. */
  fallBack?: (ballots: readonly Ballot[], elected: Ballot) => Verdict;
  /** Paths that it has rules for; one that the schema does not have is refused. Default none. */
  paths?: readonly string[];
  /** What counts as the same value, for measures of single fields. Default: what is equal. */
  rulesAt?: RulesAt;
}

/** Options of `wholeObjectOf()`: where the order of an array makes no difference. */
export interface WholeObjectOptions {
  /** Default `byPosition`. */
  arrays?: FieldRules["arrays"];
  /** As in `byField()`. */
  fields?: Record<string, Pick<FieldRules, "arrays">>;
}

/**
 * Objects are equal or not, and the voting rule elects one of them: of its spellings
 * (white space, Unicode) the most frequent is returned. Its fields carry the share of the
 * responses that agree with it there.
 *
 * @throws {OptionError} if an option is unknown or no such value
 */
export function wholeObjectOf(options: WholeObjectOptions = {}): ObjectVote {
  requireKnownKeys("wholeObjectOf", options, ["arrays", "fields"]);
  const rulesAt = resolveRules("wholeObjectOf", options as ObjectRules);
  return {
    name: "wholeObject",
    key: (object) => jsonKey(object, rulesAt),
    decide: standing(rulesAt),
    ...shared(rulesAt, options),
  };
}

/** The default: objects are voted on as a whole, and the order of arrays counts. */
export const wholeObject: ObjectVote = wholeObjectOf();

/**
 * Every field is voted on by itself, so that the object may be one that no response
 * gave: right in every field where most responses are. Every valid response votes;
 * the voting rule elects only the whole object that is returned where the schema
 * refuses the one put together. The agreement of the object is always the lowest of its fields.
 *
 * A tie goes to the value of the object that most responses gave as a whole, then to
 * the one whose canonical JSON comes first: the order of the responses decides nothing.
 *
 * @throws {OptionError} if an option is unknown or no such value
 */
export function byField(options: ObjectRules = {}): ObjectVote {
  const rulesAt = resolveRules("byField", options);
  const stand = standing(rulesAt);
  return {
    name: "byField",
    key: (object) => jsonKey(object, rulesAt),
    decide(ballots) {
      const ordered = inOrder(ballots);
      const { value, fields } = fieldVote(
        ordered.map((ballot) => ballot.object),
        rulesAt,
      );
      return { object: givenAs(value, ordered, rulesAt) ?? value, fields, agreement: lowest(fields) };
    },
    fallBack(ballots, elected) {
      const verdict = stand(ballots, elected);
      return { ...verdict, agreement: lowest(verdict.fields) };
    },
    ...shared(rulesAt, options),
  };
}

function shared(rulesAt: RulesAt, { fields = {} }: Pick<ObjectRules, "fields">): Partial<ObjectVote> {
  return { rulesAt, paths: Object.keys(fields) };
}

/** The very object of a response, where one gave it: if it can be, in the same spelling. */
function givenAs(object: unknown, ballots: readonly Ballot[], rulesAt: RulesAt): unknown {
  const answer = jsonKey(object, rulesAt);
  const [first, ...others] = ballots.filter((ballot) => ballot.answer === answer);
  if (first === undefined || others.length === 0) return first?.object;
  const same = spelling(object);
  const given = [first, ...others].find((ballot) => spelling(ballot.object) === same);
  return (given ?? mostSpelled([first, ...others], (ballot) => ballot.object)).object;
}

/** 1 where there is nothing to differ in. A loop, because an object can have any number of fields. */
function lowest(fields: readonly FieldAgreement[]): number {
  return fields.reduce((least, { agreement }) => Math.min(least, agreement), 1);
}

function standing(rulesAt: RulesAt): ObjectVote["decide"] {
  return (ballots, elected) => {
    const ordered = inOrder(ballots);
    const others = ballots.filter((ballot) => ballot !== elected && ballot.answer === elected.answer);
    const chosen = mostSpelled([elected, ...others], ({ object }) => object);
    const { fields } = fieldVote(
      ordered.map(({ object }) => object),
      rulesAt,
      ordered.indexOf(chosen),
    );
    return { object: chosen.object, fields };
  };
}

/** Most votes first, then by what they hold, so that the order of the responses decides nothing. */
function inOrder(ballots: readonly Ballot[]): Ballot[] {
  const counts = new Map(
    countVotes(ballots.map(({ answer }) => answer)).map(({ answer, count }) => [answer, count]),
  );
  const countOf = ({ answer }: Ballot): number => counts.get(answer) ?? 0;
  const texts = new Map<Ballot, string>();
  const textOf = (ballot: Ballot): string => {
    const text = texts.get(ballot) ?? spelling(ballot.object);
    texts.set(ballot, text);
    return text;
  };
  return ballots.toSorted(
    (a, b) => countOf(b) - countOf(a) || byCodeUnit(a.answer, b.answer) || byCodeUnit(textOf(a), textOf(b)),
  );
}
