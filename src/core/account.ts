import { requireOneCallEach, samplePool } from "./budget.js";
import type { Budget } from "./budget.js";
import { joined } from "./joined.js";
import { finiteOrNull, wholeCalls } from "./limits.js";
import type { Reply, Usage } from "./types.js";

/** Where the output limit of the model is unknown, a response may be this many times the largest so far. */
export const UNKNOWN_LIMIT_MARGIN = 2;

/** What calls cost together. */
export interface Amounts {
  samples: number;
  inputTokens: number;
  outputTokens: number;
  /** US dollars; `null` without `budget.prices`. */
  costUsd: number | null;
}

/**
 * What a batch was granted, and where it went. Where every question was settled before
 * the budget was used up, `planned` minus `spent` and `reserved` is what was saved.
 */
export interface BudgetReport {
  /** The limits; `null` where there is none. */
  planned: { samples: number | null; outputTokens: number | null; costUsd: number | null };
  /** What the responses cost; where the provider did not say, their worst case. */
  spent: Amounts;
  /**
   * The worst cases of calls without an outcome: those in flight, and those that broke
   * off, were aborted or had to be repeated, which the provider may have charged. No
   * other call gets it.
   */
  reserved: Amounts;
  /** Tokens that the provider reported above the worst case that a call was sent with. They are in `spent` too. */
  excess: { inputTokens: number; outputTokens: number };
}

/** Tokens of what is no sample. */
export type Tokens = Pick<Amounts, "inputTokens" | "outputTokens">;

/** The worst case of one call, put aside while it is in flight. */
export type Reservation = Readonly<Omit<Amounts, "costUsd"> & { costUsd: number }>;

/** What is put aside. */
type Held = Readonly<Omit<Reservation, "inputTokens">>;

/** What booking needs to know of a reply. */
export type Booked = Pick<
  Reply,
  "usage" | "error" | "message" | "isUnbilled" | "worstCase" | "chargedRepeats"
>;

/** Books what one batch spends. */
export interface Account {
  /** Samples paid for so far; failed calls that gave theirs back are not among them. */
  usedSamples(): number;
  /** Output tokens booked so far, those that failed calls may have cost included. */
  usedOutputTokens(): number;
  /** US dollars booked so far, likewise; `null` without `budget.prices`. */
  usedCostUsd(): number | null;
  /** Samples that the pool of samples still holds, beside those in flight; may be Infinity. */
  samplesLeft(): number;
  /**
   * How many samples may be asked for now, all at once, without any limit being
   * exceeded in the worst case, whatever those in flight turn out to cost, prompts
   * aside; a multiple of the samples that one call brings.
   */
  affordable(): number;
  /**
   * Where others draw on it too: waits until the next call fits beside theirs, and puts
   * its worst case aside for the `reserve()` that follows, which is `null` if it never will.
   *
   * @param inputTokens most tokens that its prompt can have
   */
  turn?(inputTokens: number): Promise<void>;
  /**
   * Whether one call would fit if all that are in flight came back for nothing.
   *
   * @param beside what stays put aside all the same
   */
  mayFit(inputTokens: number, beside: Tokens): boolean;
  /**
   * Puts the worst case of one call aside that is about to be sent.
   *
   * @param inputTokens most tokens that its prompt can have
   * @returns `null`, and nothing put aside, if it does not fit
   */
  reserve(inputTokens: number): Reservation | null;
  /** Gives back what was put aside for one call that has come back, before its samples are recorded. */
  release(reservation: Reservation): void;
  /**
   * Books one reply. A failed call gives its sample back, as often as the pool holds
   * samples (so that it ends); what it may have been charged stays put aside.
   */
  record(reply: Booked): void;
  /** Puts the worst case of what is no sample aside; negative numbers give it back. */
  hold(worstCase: Tokens): void;
  /** Books what is no sample. */
  charge(tokens: Tokens): void;
  /** Whether more is spent or put aside than a limit allows, as `hold` may do. */
  isOverdrawn(): boolean;
  /** The limit that stands in the way of one more call; `null` if none does. */
  exhausted(): "samples" | "outputTokens" | "cost" | null;
  report(): BudgetReport;
}

/** Whether the provider surely brought nothing: such a reply is not paid for with a sample. */
export function isRefundable({ usage, error, message }: Booked): boolean {
  const said = usage.inputTokens !== undefined || usage.outputTokens !== undefined;
  return error !== undefined && message === undefined && !said;
}

/** Share of one of the replies in the worst case of the call that brought them. */
export function worstCaseOfReply({ inputTokens, outputTokens }: Reservation, replies: number): Usage {
  return { inputTokens: inputTokens / replies, outputTokens: outputTokens / replies };
}

/** Replies with the most that each can have cost, where a limit had to know it. */
export function withWorstCase<Message>(
  replies: readonly Reply<Message>[],
  held: Reservation,
): readonly Reply<Message>[] {
  if (held.inputTokens === 0 && held.outputTokens === 0) return replies;
  const worstCase = worstCaseOfReply(held, replies.length);
  return replies.map((reply) => joined(reply, { worstCase }));
}

/**
 * @param inputs number of inputs that share the budget, at least 1
 * @param samplesPerCall responses that one call brings, at least 1
 * @throws {OptionError} if the budget cannot pay for one call per input
 */
export function openAccount(budget: Budget, inputs: number, samplesPerCall = 1): Account {
  const { totalOutputTokens = Infinity, totalCostUsd = Infinity, prices } = budget;
  const sampleLimit = samplePool(budget, inputs);
  requireOneCallEach(budget, inputs, samplesPerCall, sampleLimit);
  const isPriced = totalOutputTokens < Infinity || totalCostUsd < Infinity;
  const outputPrice = prices?.outputUsdPerMillionTokens ?? 0;
  /** Free output needs no bound. */
  const boundsOutput = totalOutputTokens < Infinity || (totalCostUsd < Infinity && outputPrice > 0);
  const cost = (inputTokens: number, outputTokens: number): number =>
    (inputTokens * (prices?.inputUsdPerMillionTokens ?? 0) +
      outputTokens * (prices?.outputUsdPerMillionTokens ?? 0)) /
    1e6;
  const spent = { samples: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  const inFlight = { ...spent };
  /** What failed calls may have been charged. */
  const uncertain = { ...spent };
  const excess = { inputTokens: 0, outputTokens: 0 };
  let refunds = 0;
  let largest: number | undefined;
  /** Responses that told their tokens. */
  let told = 0;

  const left = (limit: number, of: "outputTokens" | "costUsd", held: Held): number =>
    limit - spent[of] - uncertain[of] - held[of];
  const tokensLeft = (held: Held = inFlight): number => left(totalOutputTokens, "outputTokens", held);
  const costLeft = (held: Held = inFlight): number => left(totalCostUsd, "costUsd", held);
  const samplesLeft = (held: Held = inFlight): number => sampleLimit - spent.samples - held.samples;
  /** `undefined` until something is known: a call then takes all that is left. */
  const worstOutput = (): number | undefined =>
    budget.maxOutputTokensPerSample ??
    (largest !== undefined ? largest * UNKNOWN_LIMIT_MARGIN : boundsOutput ? undefined : 0);
  /** Slow start: what may be in flight beside what is, where the next response may be longer than any so far. */
  const byTold = (held: Held = inFlight): number =>
    budget.maxOutputTokensPerSample !== undefined || !boundsOutput
      ? Infinity
      : wholeCalls(Math.max(told, samplesPerCall) - held.samples, samplesPerCall);
  const bySamples = (held: Held = inFlight): number => wholeCalls(samplesLeft(held), samplesPerCall);
  const byAmount = (amountLeft: number, ofOne: (outputTokens: number) => number): number => {
    if (amountLeft === Infinity) return Infinity;
    const worst = worstOutput();
    if (worst === undefined) return amountLeft > 0 && inFlight.samples === 0 ? samplesPerCall : 0;
    const price = ofOne(worst);
    return price > 0 ? wholeCalls(amountLeft / price, samplesPerCall) : amountLeft > 0 ? Infinity : 0;
  };
  const byTokens = (): number => byAmount(tokensLeft(), (tokens) => tokens);
  const byCost = (): number => byAmount(costLeft(), (tokens) => cost(0, tokens));
  const book = (to: typeof spent, amounts: Reservation, sign: 1 | -1): void => {
    to.samples += sign * amounts.samples;
    to.inputTokens += sign * amounts.inputTokens;
    to.outputTokens += sign * amounts.outputTokens;
    // Sums of fractions leave a hair behind.
    to.costUsd =
      to === inFlight && to.samples === 0 && to.outputTokens === 0 ? 0 : to.costUsd + sign * amounts.costUsd;
  };
  const extra = ({ inputTokens, outputTokens }: Tokens): Reservation => ({
    samples: 0,
    inputTokens,
    outputTokens,
    costUsd: cost(inputTokens, outputTokens),
  });
  /** What one call is to reserve beside what is held; `null` if it does not fit. */
  const worstCaseOf = (inputTokens: number, held: Held): Reservation | null => {
    const worst = worstOutput();
    if (bySamples(held) < 1 || byTold(held) < 1) return null;
    const isUnbounded = worst === undefined && boundsOutput;
    let outputTokens = isPriced ? (worst ?? 0) * samplesPerCall : 0;
    if (isUnbounded) {
      const prompt = cost(inputTokens, 0);
      if (held.samples > 0 || tokensLeft(held) <= 0 || costLeft(held) <= prompt) return null;
      const byPrice = outputPrice > 0 ? (costLeft(held) - prompt) / cost(0, 1) : Infinity;
      outputTokens = Math.floor(Math.min(tokensLeft(held), byPrice));
    }
    const costUsd = cost(inputTokens, outputTokens);
    if (!isUnbounded && (outputTokens > tokensLeft(held) || costUsd > costLeft(held))) return null;
    return { samples: samplesPerCall, inputTokens, outputTokens, costUsd };
  };
  const amounts = (of: typeof spent): Amounts => ({ ...of, costUsd: prices ? of.costUsd : null });

  return {
    usedSamples: () => spent.samples,
    usedOutputTokens: () => spent.outputTokens + uncertain.outputTokens,
    usedCostUsd: () => (prices ? spent.costUsd + uncertain.costUsd : null),
    samplesLeft: () => samplesLeft(),
    affordable: () => Math.min(bySamples(), byTokens(), byCost(), byTold()),
    mayFit: (inputTokens, beside) => worstCaseOf(inputTokens, extra(beside)) !== null,
    reserve(inputTokens) {
      const reservation = worstCaseOf(inputTokens, inFlight);
      if (reservation) book(inFlight, reservation, 1);
      return reservation;
    },
    release(reservation) {
      book(inFlight, reservation, -1);
    },
    record(reply) {
      const { usage, worstCase, isUnbilled, chargedRepeats = 0 } = reply;
      const bound = {
        inputTokens: worstCase?.inputTokens ?? 0,
        outputTokens: worstCase?.outputTokens ?? worstOutput() ?? 0,
      };
      const isRefund = isRefundable(reply);
      const isFree = isRefund && isUnbilled === true;
      const inputTokens = isFree ? 0 : (usage.inputTokens ?? bound.inputTokens);
      const outputTokens = isFree ? 0 : (usage.outputTokens ?? bound.outputTokens);
      const costUsd = cost(inputTokens, outputTokens);
      for (let repeat = 0; repeat < chargedRepeats; repeat++)
        book(
          uncertain,
          extra({ inputTokens: usage.inputTokens ?? bound.inputTokens, outputTokens: bound.outputTokens }),
          1,
        );
      if (isRefund && refunds < sampleLimit) {
        refunds += 1;
        if (!isFree) book(uncertain, { samples: 1, inputTokens, outputTokens, costUsd }, 1);
        return;
      }
      book(spent, { samples: 1, inputTokens, outputTokens, costUsd }, 1);
      if (usage.outputTokens !== undefined) {
        largest = Math.max(largest ?? 1, usage.outputTokens);
        told += 1;
      }
      if (!isPriced) return;
      if (boundsOutput) excess.outputTokens += Math.max(0, outputTokens - bound.outputTokens);
      if (worstCase && totalCostUsd < Infinity)
        excess.inputTokens += Math.max(0, inputTokens - bound.inputTokens);
    },
    hold(worstCase) {
      book(inFlight, extra(worstCase), 1);
    },
    charge(tokens) {
      book(spent, extra(tokens), 1);
    },
    isOverdrawn: () => tokensLeft() < 0 || costLeft() < 0,
    exhausted: () =>
      bySamples() < 1 ? "samples" : byTokens() < 1 ? "outputTokens" : byCost() < 1 ? "cost" : null,
    report: () => ({
      planned: {
        samples: finiteOrNull(sampleLimit),
        outputTokens: finiteOrNull(totalOutputTokens),
        costUsd: finiteOrNull(totalCostUsd),
      },
      spent: amounts(spent),
      reserved: amounts({
        samples: inFlight.samples,
        inputTokens: inFlight.inputTokens + uncertain.inputTokens,
        outputTokens: inFlight.outputTokens + uncertain.outputTokens,
        costUsd: inFlight.costUsd + uncertain.costUsd,
      }),
      excess: { ...excess },
    }),
  };
}
