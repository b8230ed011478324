/**
 * The price of a sample for questions that come one by one: it settles where the
 * average spend per question meets the target, whatever the questions are.
 */
export interface StreamPrice {
  /** Least index at which a sample is worth its price now. */
  now(): number;
  /** Tells that a question has come. */
  begin(): OpenQuestion;
}

/** A question that is being sampled. */
export interface OpenQuestion {
  /**
   * The price to it. What other open questions have spent beyond the target counts already:
   * hard ones take longest, and until they are done the others would take the spend for low.
   *
   * @param samples that this question has paid for so far
   */
  now(samples: number): number;
  /** Tells that it is over, and how many samples it has paid for; `null` if none, and it does not count. */
  finish(samples: number | null): void;
}

/** Samples on average at a price, the other way round, as measured on recorded answers of several models. */
export function priceOfAverage(samplesPerInput: number): number {
  return 0.13 / samplesPerInput ** 2;
}

/** Slow: learns over many questions how hard they are. */
const LEARNING_RATE = 0.02;

/** Fast: pays back at once what earlier questions spent too much; holds the total near the target. */
const DEBT_RATE = 0.1;

/** In questions' worth of samples; keeps one very hard question from stopping all that follow. */
const MOST_DEBT = 20;

/**
 * In questions' worth of samples: what was saved beyond that lapses, or a long easy
 * stream would leave its first hard questions a fortune. Measured on recorded answers,
 * half of it costs agreement on easy ones and saves little more.
 */
const MOST_CREDIT = 40;

/** How far the level may fall, on the logarithm: what no price brings it to, such as a time limit, must not wind it up. */
const LOWEST_LEVEL = -5;

/** No index is above it: see `voteIndexOf`. */
const MOST_INDEX = 1 / 6;

/**
 * Two controls on the logarithm of the price: one learns the level, the other pays
 * back the debt, which is what was spent beyond the target so far.
 *
 * @param samplesPerInput target, above 0
 * @param floor the least price
 */
export function openStreamPrice(samplesPerInput: number, floor = 0): StreamPrice {
  const start = Math.log(priceOfAverage(samplesPerInput));
  let level = start;
  let debt = 0;
  /** What open questions have spent beyond the target. */
  let early = 0;
  const priceAt = (owed: number): number =>
    Math.max(floor, Math.exp(level + DEBT_RATE * within(-MOST_DEBT, owed, MOST_DEBT)));
  return {
    now: () => priceAt(debt + early),
    begin() {
      let own = 0;
      const count = (beyond: number): void => {
        early += beyond - own;
        own = beyond;
      };
      return {
        now(samples) {
          count(Math.max(0, samples / samplesPerInput - 1));
          return priceAt(debt + early - own);
        },
        finish(samples) {
          count(0);
          if (samples === null) return;
          const excess = samples / samplesPerInput - 1;
          debt = Math.max(-MOST_CREDIT, debt + excess);
          level = within(start + LOWEST_LEVEL, level + LEARNING_RATE * excess, Math.log(MOST_INDEX));
        },
      };
    },
  };
}

function within(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
