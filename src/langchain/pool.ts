import type { AIMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { isRefundable, openAccount } from "../core/account.js";
import type { Account } from "../core/account.js";
import { limitsTokens } from "../core/budget.js";
import type { Budget } from "../core/budget.js";
import { OptionError } from "../core/errors.js";
import { isHopeless } from "../core/hopeless.js";
import { wholeCalls } from "../core/limits.js";
import type { Outside } from "../core/solve.js";
import type { Reply } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";
import { isSteering } from "./steering.js";

type Generate = Outside<AIMessage, TurnsPrompt>["generate"];

/** What of a reply tells whether its input is hopeless. */
type Outcome = Pick<Reply, "error" | "message">;

const FAILED = new Error("A call has failed.");
const ANSWERED: Outcome = { message: true };
const UNUSABLE: Outcome = { error: FAILED, message: true };
const LOST: Outcome = { error: FAILED };

/** What an input has been through in an attempt. */
interface Past {
  outcomes: Outcome[];
  /** Samples that it has used up. */
  paid: number;
}

/** Names that begin so are kept out of traces by LangChain. */
const POOL = "__dynscaling_pool";

/**
 * What one batch may spend, or all attempts of one retry together. While another
 * attempt may come, what a hopeless input has left of its even share is held back
 * for it: otherwise the others would spend it, and a retry could buy nothing.
 */
export class Pool {
  readonly #errors = new Map<unknown, Error>();
  #attemptsLeft: number;
  #attempt = -1;
  #whole: Account | undefined;
  #samplesPerCall = 1;
  /** Of each input that is asked, while another attempt may come. */
  #pasts: Past[] = [];
  #isPriced = false;
  /** Even share of an input, in samples. */
  #share = 0;
  /** Sum over all inputs. */
  #heldBack = 0;
  #signals: (AbortSignal | undefined)[] = [];
  /** Whether the last attempt lost an input that it asked; one that failed upstream is no such input. */
  #failed = false;

  /** @param attempts most attempts that share the pool, at least 1 */
  constructor(attempts: number) {
    this.#attemptsLeft = attempts;
  }

  /** Which attempt draws on it, from 0. */
  get attempt(): number {
    return Math.max(0, this.#attempt);
  }

  /**
   * The account of the next attempt.
   *
   * @throws {OptionError} at the first attempt, if the budget cannot pay for one call per input
   */
  open(budget: Budget, inputs: number, samplesPerCall: number): Account {
    const whole = (this.#whole ??= openAccount(budget, inputs, samplesPerCall));
    this.#samplesPerCall = samplesPerCall;
    this.#attemptsLeft -= 1;
    this.#attempt += 1;
    this.#failed = true;
    this.#pasts = [];
    this.#isPriced = limitsTokens(budget);
    const before = whole.usedSamples();
    this.#share = wholeCalls(whole.affordable() / inputs, samplesPerCall);
    this.#heldBack = 0;
    const heldBack = (): number => this.#heldBack;
    const affordable = (): number => wholeCalls(whole.affordable() - heldBack(), samplesPerCall);
    return {
      ...whole,
      usedSamples: () => whole.usedSamples() - before,
      samplesLeft: () => whole.samplesLeft() - heldBack(),
      affordable,
      reserve: (inputTokens) => (affordable() < 1 ? null : whole.reserve(inputTokens)),
      exhausted: () => whole.exhausted() ?? (affordable() < 1 ? "samples" : null),
    };
  }

  /** The same door, with an eye on which inputs are hopeless while another attempt may come. */
  watching(generate: Generate): Generate {
    if (this.#attemptsLeft < 1) return generate;
    return async (arm, request, round) => {
      const replies = await generate(arm, request, round);
      this.#watch(arm.index, replies);
      return replies;
    };
  }

  #watch(arm: number, replies: readonly Reply<AIMessage>[]): void {
    const own = (this.#pasts[arm] ??= { outcomes: [], paid: 0 });
    this.#heldBack -= this.#heldBackFor(own);
    for (const reply of replies) {
      own.outcomes.push(outcomeOf(reply));
      own.paid += Number(isPaid(reply, this.#isPriced));
    }
    this.#heldBack += this.#heldBackFor(own);
  }

  #heldBackFor({ outcomes, paid }: Past): number {
    return isHopeless(outcomes) ? Math.max(0, this.#share - paid) : 0;
  }

  /** The inputs of the next attempt, with their last error where nothing is left to ask them again. */
  payable<Input extends { input: unknown }>(
    inputs: readonly (Input | Error)[],
    configs: readonly RunnableConfig[],
  ): (Input | Error)[] {
    this.#signals = configs.map(({ signal }) => signal);
    this.#failed = false;
    let calls = (this.#whole?.affordable() ?? Infinity) / this.#samplesPerCall;
    return inputs.map((input) => {
      if (input instanceof Error) return input;
      calls -= 1;
      return calls < 0 ? (this.#errors.get(input.input) ?? input) : input;
    });
  }

  /** Keeps the errors that the inputs of an attempt ended with. */
  remember(outcomes: readonly { input: unknown; error: Error | null | undefined }[]): void {
    for (const { input, error } of outcomes) if (error) this.#errors.set(input, error);
    this.#failed = outcomes.some(({ error }) => error);
  }

  /** Whether asking again after this error would be in vain. */
  isOver(error: unknown): boolean {
    return (
      error instanceof OptionError ||
      isSteering(error) ||
      !this.#failed ||
      this.#signals.every((signal) => signal?.aborted) ||
      (this.#whole !== undefined && this.#whole.affordable() < 1)
    );
  }
}

/** Whether its sample did not go back to the pool; of tokens and dollars, only what surely was not charged does. */
function isPaid(reply: Reply, isPriced: boolean): boolean {
  return !isRefundable(reply) || (isPriced && reply.isUnbilled !== true);
}

/** The same few for all replies: a pool that kept the replies would keep all their texts. */
function outcomeOf({ error, message }: Reply): Outcome {
  if (error === undefined) return ANSWERED;
  return message === undefined ? LOST : UNUSABLE;
}

/** A configuration that hands a pool down to the Runnable right below. */
export function withPool(pool: Pool): RunnableConfig {
  return { configurable: { [POOL]: pool } };
}

/** Takes the pool out of configurations, so that nothing further down finds it. */
export function takePool(configs: readonly RunnableConfig[]): Pool {
  let found: Pool | undefined;
  for (const config of configs) {
    if (config.configurable?.[POOL] === undefined) continue;
    const { [POOL]: pool, ...configurable } = config.configurable;
    found = pool as Pool;
    config.configurable = configurable;
  }
  return found ?? new Pool(1);
}
