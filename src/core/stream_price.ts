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
 * Two controls on the logarithm of the price: one learns the level, the other pays
 * back the debt, which is what was spent beyond the target so far.
 *
 * @param samplesPerInput target, above 0
 */
export function openStreamPrice(samplesPerInput: number): StreamPrice {
  let level = Math.log(priceOfAverage(samplesPerInput));
  let debt = 0;
  /** What open questions have spent beyond the target. */
  let early = 0;
  const priceAt = (owed: number): number =>
    Math.exp(level + DEBT_RATE * Math.max(-MOST_DEBT, Math.min(MOST_DEBT, owed)));
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
          debt += excess;
          level += LEARNING_RATE * excess;
        },
      };
    },
  };
}
