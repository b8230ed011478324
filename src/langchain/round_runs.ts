import { joined } from "../core/joined.js";
import type { Arm, RoundRecord, Vote } from "../core/types.js";
import { countVotes } from "../core/votes.js";
import { MOST_CHILDREN, Nest, openChild } from "./nest.js";
import type { ParentRun } from "./nest.js";
import { sumKnown } from "./record.js";
import type { OpenInput } from "./runs.js";
import { addMetadata } from "./tracer.js";

/** Name of the custom event that closes a round of an input. */
export const ROUND_EVENT = "dynscaling:round";

/** What one batch has spent so far. */
export interface Spend {
  /** Samples asked for, over all inputs. */
  usedSamples: number;
  /** Samples that the budget grants the batch; `null` if it sets no limit in samples. */
  totalSamples: number | null;
  /** Output tokens booked; a call of unknown usage counts with its worst case. */
  usedOutputTokens: number;
  /** Output tokens that the budget grants the batch; `null` if it sets no limit in tokens. */
  totalOutputTokens: number | null;
  /** US dollars booked, prompts included; a call of unknown usage counts with its worst case. `null` without `budget.prices`. */
  usedCostUsd: number | null;
  /** US dollars that the budget grants the batch; `null` if it sets no limit in dollars. */
  totalCostUsd: number | null;
}

/** An input after one of its rounds. */
export interface RoundState extends RoundRecord {
  /** Samples of the input so far: B_i. */
  samples: number;
  /** Samples of this round that an earlier run paid for, and the journal held. */
  replayedPulls: number;
  /** Every answer so far, most frequent first. */
  votes: Vote[];
  /** Summed over the responses so far that reported usage; `null` if none did. */
  inputTokens: number | null;
  /** Likewise; hidden reasoning included. */
  outputTokens: number | null;
}

/** What a `dynscaling:round` event carries: one input after one of its rounds, and what the batch has spent. */
export interface RoundEvent extends RoundState {
  /** Shared by all inputs of one batch. */
  batchId: string;
  /** Place of the input in the batch, from 0. */
  input: number;
  batch: Spend;
}

/** The run of a round of an input. */
export interface OpenRound {
  run: ParentRun;
  samples: Nest;
  /** Opened with the first reading that has a run of its own. */
  readings: Promise<Readings> | undefined;
}

interface Readings {
  run: ParentRun;
  nest: Nest;
}

/** Opens the run of one round, the parent of its samples. */
export async function openRound(
  input: OpenInput,
  arm: Arm,
  unit: Omit<RoundRecord, "uncertainty">,
): Promise<void> {
  const name = `round ${unit.round}`;
  const parent = await input.rounds?.parentOf(name);
  if (parent === undefined) return;
  const run = await openChild(parent, "Round", name, joined(unit, { uncertainty: arm.uncertainty }));
  // One place is kept for the readings.
  const round = { run, samples: new Nest(run, MOST_CHILDREN - 1, unit.pulls), readings: undefined };
  input.underWay?.set(unit.round, { ...input, round });
}

/** The input as the calls of one round see it: several may be under way. */
export function inUnit(input: OpenInput, round: number): OpenInput {
  return input.underWay?.get(round) ?? input;
}

/** Closes the run of a round and tells the listeners of events. */
export async function closeRound(
  input: OpenInput,
  arm: Arm,
  record: RoundRecord,
  spend: () => Spend,
): Promise<void> {
  const { run } = input;
  if (run === undefined) return;
  const { round } = inUnit(input, record.round);
  const { samples } = arm;
  const state: RoundState = joined(record, {
    samples: samples.length,
    replayedPulls: samples.filter(({ round: asked, replayed }) => asked === record.round && replayed).length,
    votes: countVotes(samples.map(({ answer }) => answer)),
    inputTokens: sumKnown(samples.map(({ usage }) => usage.inputTokens)),
    outputTokens: sumKnown(samples.map(({ usage }) => usage.outputTokens)),
  });
  input.underWay?.delete(record.round);
  input.states.push(state);
  if (round) {
    addMetadata(round.run, {
      dynscaling_round: record.round,
      dynscaling_pulls: record.pulls,
      dynscaling_priority: record.priority,
      dynscaling_uncertainty: record.uncertainty,
    });
    await endRound(round, (group) => group.handleChainEnd({}));
    await round.run.handleChainEnd({ ...state });
  }
  if (run.handlers.some(({ handleCustomEvent }) => handleCustomEvent !== undefined)) {
    const own = { batchId: input.batchId, input: input.place, batch: spend() };
    const event: RoundEvent = joined(state, own);
    await run.handleCustomEvent(ROUND_EVENT, event, run.runId);
  }
}

/** Closes whatever is open of a round with one error. */
export async function failRound(round: OpenRound, error: unknown): Promise<void> {
  await endRound(round, (group) => group.handleChainError(error));
  await round.run.handleChainError(error);
}

/** The run below which the next sample of an input hangs; `undefined` if nothing traces it. */
export async function sampleParent({ round }: OpenInput): Promise<ParentRun | undefined> {
  return round?.samples.parentOf(`sample ${round.samples.size + 1}`);
}

/** Opens a run for what an extractor does with one response; `undefined` if nothing traces it. */
export async function openReading({ round }: OpenInput): Promise<ParentRun | undefined> {
  if (round === undefined) return undefined;
  round.readings ??= openChild(round.run, "Readings", "readings").then((run) => ({
    run,
    nest: new Nest(run),
  }));
  const { nest } = await round.readings;
  const name = `reading ${nest.size + 1}`;
  return openChild(await nest.parentOf(name), "Reading", name);
}

async function endRound(round: OpenRound, end: (group: ParentRun) => Promise<void>): Promise<void> {
  await round.samples.close(end);
  const readings = await round.readings;
  await readings?.nest.close(end);
  if (readings) await end(readings.run);
}
