import type { StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import type { ToolCall } from "@langchain/core/messages/tool";
import type { AIMessage } from "@langchain/core/messages";
import type { SerializableSchema } from "@langchain/core/utils/standard_schema";
import type { InteropZodType } from "@langchain/core/utils/types";
import { OptionError, UnreadableAnswer, asError, requireKnownKeys } from "../core/errors.js";
import type { Sample, Sampler, Tally, UncertaintyMeasure, VotingRule } from "../core/types.js";
import { shareOf } from "../core/votes.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import type { ChatLike } from "../langchain/model.js";
import type { InputRecord } from "../langchain/record.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { attemptsAsJson } from "./attempts_as_json.js";
import type { FieldMeasure } from "./field_uncertainty.js";
import { hasFields, presentFields, requireShallow } from "./json_key.js";
import { wholeObject } from "./object_vote.js";
import type { Ballot, ObjectVote, Verdict } from "./object_vote.js";
import type { FieldAgreement } from "./poll.js";
import { everywhere } from "./rules.js";
import { requirePaths } from "./schema_paths.js";
import { structuredModel } from "./structured_model.js";
import { validatorOf } from "./validate.js";
import type { Validate, Validated } from "./validate.js";
import { writtenObject } from "./written_object.js";

/** How objects vote, and when they are certain. */
export interface ObjectVoteFields {
  /** Default `wholeObject`; `byField()` puts an object together. */
  vote?: ObjectVote;
  /**
   * Disagreement of objects, given as canonical JSON. Default: the measure of the
   * `DynScaling`, over whole objects, which knows of no tolerance. See `meanOfFields` and
   * `worstOfFields`. It steers `ucb()`; allocators that look at the votes alone, such as
   * `voteIndex()`, leave it to the record. `shared()`, which has no other, refuses it.
   */
  uncertainty?: UncertaintyMeasure;
}

/** Options of `withStructuredOutput()`: those of the chat model, and how objects vote. */
export type StructuredOptions<IncludeRaw extends boolean = false> =
  StructuredOutputMethodOptions<IncludeRaw> & ObjectVoteFields;

/** What LangChain calls an object without knowing more of it. */
export type AnyObject = ToolCall["args"];

/** A zod schema, a standard schema that can be written as JSON schema, or a JSON schema. */
export type StructuredSchema<RunOutput extends AnyObject> =
  | InteropZodType<RunOutput>
  | SerializableSchema<RunOutput>
  | AnyObject;

/** The record of one input, as `solve()` of structured output returns it. */
export interface StructuredRecord<Output = unknown> extends InputRecord {
  /**
   * What `invoke()` returns; `null` if no response holds an object that the schema accepts,
   * which `error` then says, unless `includeRaw` asks for no more than the message.
   */
  object: Output | null;
  /** Also in the metadata of the message; at most 2,000 are kept. */
  fields: readonly FieldAgreement[];
  /**
   * Whether the object was put together and no response gave it as a whole; `message` is
   * then the response that the voting rule elected.
   */
  combined: boolean;
  /** Canonical JSON of the object. */
  answer: string | null;
  /**
   * Of whole objects, the share of the votes for `answer`; with `byField()` always the
   * lowest agreement of a field, whether or not a response gave the object as a whole.
   */
  agreement: number | null;
}

/** Most fields whose agreement is kept: a hostile object can have any number. */
const MOST_FIELDS = 2000;

const FIELDS = ["name", "method", "includeRaw", "strict", "vote", "uncertainty"];

/** What structured output changes in a batch. */
export interface Structure {
  model: ChatLike;
  extractor: AnswerExtractor;
  /** The schema may take its time, but opens no runs. */
  readingRuns: false;
  /** The same sampler, whose chains quote the objects as they were written. */
  samplerOf(sampler: Sampler<TurnsPrompt>): Sampler<TurnsPrompt>;
  /** The measure of the option `uncertainty`, or that of the method. */
  uncertaintyOf(method: UncertaintyMeasure): UncertaintyMeasure;
  /** Elects the response that holds the object, if one does. */
  votingOf(voting: VotingRule): VotingRule;
  complete(record: InputRecord, tally: Tally): Promise<StructuredRecord>;
}

/** An object as the schema makes it, and as the response wrote it. */
interface Read {
  object: unknown;
  written: unknown;
}

interface Cast extends Ballot, Read {}

/** The samples that vote on objects, what they vote for, and whom the voting rule elected. */
interface Ballots {
  voters: readonly Sample[];
  ballots: readonly Cast[];
  elected: Cast | undefined;
}

/** @throws {OptionError} if the model cannot do it, or an option is wrong */
export function openStructure(
  model: ChatLike,
  schema: unknown,
  options: StructuredOptions<boolean>,
): Structure {
  requireKnownKeys("withStructuredOutput", options, FIELDS);
  const { vote = wholeObject, uncertainty, includeRaw: _includeRaw, ...asked } = options;
  requireVote(vote);
  const validate = validatorOf(schema);
  const measure = uncertainty as Partial<FieldMeasure> & typeof uncertainty;
  requirePaths("withStructuredOutput.uncertainty", measure?.paths ?? [], schema);
  requirePaths("withStructuredOutput.vote", vote.paths ?? [], schema);
  const objects = new WeakMap<AIMessage, Read>();
  const ballotsOf = (samples: readonly Sample[], { winner }: Tally): Ballots => {
    const voters = samples.filter(
      ({ answer, error, purpose }) => answer !== null && error === undefined && purpose === "answer",
    );
    const ballots = voters.map(({ answer, message }) => ({
      answer: answer as string,
      ...(objects.get(message as AIMessage) as Read),
    }));
    return { voters, ballots, elected: ballots[voters.findIndex(({ index }) => index === winner)] };
  };
  const ballotOf = (message: AIMessage, written: unknown, checked: Validated): string => {
    if ("why" in checked) throw new UnreadableAnswer(`The schema refuses it: ${checked.why}`);
    const key = vote.key(checked.value);
    objects.set(message, { object: checked.value, written });
    return key;
  };
  return {
    model: structuredModel(model, schema, asked),
    readingRuns: false,
    extractor(text, message) {
      const written = writtenObject(text, message);
      if (written === undefined) return null;
      requireShallow(written);
      const checked = validate(written);
      return checked instanceof Promise
        ? checked.then((late) => ballotOf(message, written, late))
        : ballotOf(message, written, checked);
    },
    samplerOf: (sampler) => attemptsAsJson(sampler, (message) => objects.get(message as AIMessage)?.written),
    uncertaintyOf: (method) => measure?.under?.(vote.rulesAt ?? everywhere) ?? uncertainty ?? method,
    votingOf: (voting) => (samples, random) => {
      const tally = voting(samples, random);
      const { voters, ballots, elected } = ballotsOf(samples, tally);
      const given = elected && givenBy(vote, ballots, elected);
      const winner = given === undefined ? tally.winner : (voters[ballots.indexOf(given)]?.index ?? null);
      return { ...tally, winner };
    },
    async complete(record, tally) {
      const { ballots, elected } = ballotsOf(record.responses, tally);
      if (record.message === null || elected === undefined) {
        return { ...record, object: null, fields: [], combined: false };
      }
      try {
        return completed(record, vote, await judge(vote, ballots, elected, validate));
      } catch (error) {
        // A vote is the user's to write; what was paid for is not lost.
        const fault = asError(error);
        return { ...completed(record, vote, wholeObject.decide(ballots, elected)), error: fault };
      }
    },
  };
}

/** The response that gave the very object of the verdict: that one stands for it. */
function givenBy(vote: ObjectVote, ballots: readonly Cast[], elected: Cast): Cast | undefined {
  try {
    const { object } = vote.decide(ballots, elected);
    return ballots.find((ballot) => ballot.object === object);
  } catch {
    // Said when the record is completed.
    return undefined;
  }
}

/**
 * The verdict of the vote, if it is what the schema makes of itself; else what the schema
 * makes of the verdict on the objects as they were written; else that on whole objects.
 */
async function judge(
  vote: ObjectVote,
  ballots: readonly Cast[],
  elected: Cast,
  validate: Validate,
): Promise<Verdict> {
  const verdict = vote.decide(ballots, elected);
  if (ballots.some(({ object }) => object === verdict.object)) return verdict;
  const checked = await tried(validate, verdict.object);
  if ("value" in checked && vote.key(checked.value) === vote.key(verdict.object)) return verdict;
  const written = new Map(
    ballots.map((ballot) => [ballot, { answer: vote.key(ballot.written), object: ballot.written }]),
  );
  const combined = vote.decide([...written.values()], written.get(elected) as Ballot);
  const parsed = await tried(validate, asWritten(combined.object, verdict.object, vote, ballots));
  // What was written is counted by other rules than what it means: the votes are on the latter.
  if ("value" in parsed && vote.key(parsed.value) === vote.key(verdict.object))
    return { ...verdict, object: parsed.value };
  return (vote.fallBack ?? wholeObject.decide)(ballots, elected);
}

/** What the schema says of an object that no model wrote: it may stumble over it. */
async function tried(validate: Validate, object: unknown): Promise<Validated> {
  try {
    return await validate(object);
  } catch (error) {
    return { why: asError(error).message };
  }
}

/** A combined object as written, whose fields are those of responses that gave what the field became. */
function asWritten(combined: unknown, decided: unknown, vote: ObjectVote, ballots: readonly Cast[]): unknown {
  if (!hasFields(combined) || !hasFields(decided)) return combined;
  const keyOf = (name: string, value: unknown): string => vote.key({ [name]: value });
  const given = presentFields(decided).flatMap(([name, value]) => {
    const wanted = keyOf(name, value);
    const from = ballots.find(
      ({ object, written }) =>
        hasFields(object) &&
        hasFields(written) &&
        Object.hasOwn(object, name) &&
        Object.hasOwn(written, name) &&
        keyOf(name, (object as Record<string, unknown>)[name]) === wanted,
    );
    return from ? [[name, (from.written as Record<string, unknown>)[name]]] : [];
  });
  return Object.fromEntries([...Object.entries(combined), ...given]);
}

function completed(record: InputRecord, vote: ObjectVote, verdict: Verdict): StructuredRecord {
  const { object, fields } = verdict;
  const answer = vote.key(object);
  const agreement = verdict.agreement ?? shareOf(answer, record.votes);
  const combined = !record.votes.some((each) => each.answer === answer);
  const kept = { answer, agreement, fields: fields.slice(0, MOST_FIELDS), combined };
  if (record.message) Object.assign(record.message.response_metadata.dynscaling, kept);
  return { ...record, ...kept, object };
}

function requireVote(vote: ObjectVote): void {
  if (typeof vote?.key !== "function" || typeof vote.decide !== "function") {
    throw new OptionError("withStructuredOutput.vote", vote, "Give wholeObject or byField().");
  }
}
