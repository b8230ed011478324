/**
 * The optimal-stopping index of a vote between two answers.
 *
 * Given that a sample falls on one of two answers with `a` and `b` votes, it is a
 * draw from a Polya urn: the first with chance a / (a + b), and the drawn one gains
 * a vote. That is the posterior of a Beta(a, b) share, and by the neutrality of the
 * Dirichlet distribution it does not depend on how often other answers come.
 *
 * Stopping at some time t elects the leader; X_t, the posterior share of the answer
 * that leads now, is a martingale, so all that waiting can bring is an overturned
 * vote: max(X_t, 1 - X_t) - X_0 has the mean of max(0, 1 - 2 X_t). The index is the
 * largest rate at which it can be bought, over all stopping rules,
 *
 *     g(a, b) = sup over t of E[max(0, 1 - 2 X_t)] / E[t],    t at least 1.
 *
 * One-step gains are zero wherever the lead is more than one vote; the stopping
 * rules see that several more votes can still overturn it.
 *
 * What is computed knows only rules up to a horizon (`lookAhead`), so for long leads it is
 * too small: against 500 draws by 5% at (4, 0.2), 47% at (8, 0.2) and 93% at (20, 0.2).
 */

/** Further draws that the dynamic programme looks ahead; a longer lead needs more of them to be overturned. */
function lookAhead(lead: number): number {
  return Math.min(160, Math.ceil(2.2 * lead) + 24);
}

/** With a longer lead, in votes, the dynamic programme would not look far enough ahead to see anything. */
const LONGEST_LEAD = 60;

/** Far more pairs than one batch meets; an entry takes about 100 bytes. */
const MEMO_ENTRIES = 50_000;

const memo = new Map<string, number>();

/**
 * g(a, b), the gain per draw, in (0, 1/6] for votes of at least 1; symmetric. It
 * may underflow to 0 where one answer is far ahead.
 *
 * @param a votes of one answer, above 0; a fraction is fine
 * @param b votes of the other, above 0
 */
export function urnIndex(a: number, b: number): number {
  const [more, less] = a < b ? [b, a] : [a, b];
  const key = `${more}/${less}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const lead = more - less;
  // Both find the best of some rules only, so the larger of the two is closer to the best of all.
  const index = Math.max(
    lead > LONGEST_LEAD ? 0 : indexByInduction(more, less, lookAhead(lead)),
    indexByNormal(more, less),
  );
  if (memo.size >= MEMO_ENTRIES) memo.clear();
  memo.set(key, index);
  return index;
}

/**
 * The best rule for a price per draw, by backward induction, and its gain per draw
 * as the next price, until the rule does not change (Dinkelbach 1967). The prices
 * rise to the index, a few steps in all.
 */
export function indexByInduction(a: number, b: number, draws: number): number {
  let price = 0;
  for (let step = 0; step < 60; step++) {
    const { net, duration } = bestRule(a, b, draws, price);
    const rise = net / duration;
    price += rise;
    if (!(rise > 1e-12 * price)) break;
  }
  return price;
}

/** Net gain and expected number of draws of the best rule that draws at least once and at most `draws` times. */
function bestRule(a: number, b: number, draws: number, price: number): { net: number; duration: number } {
  // Both indexed by the draws that fell on the leader, for one total after another.
  const net = new Float64Array(draws + 1);
  const duration = new Float64Array(draws + 1);
  for (let total = draws; total >= 0; total--) {
    const votes = a + b + total;
    for (let hits = 0; hits <= total; hits++) {
      const share = (a + hits) / votes;
      const stopped = Math.max(0, 1 - 2 * share);
      const hit = share * (net[hits + 1] ?? 0);
      const drawn = hit + (1 - share) * (net[hits] as number) - price;
      const goesOn = total === 0 || (total < draws && drawn > stopped);
      duration[hits] = goesOn
        ? 1 + share * (duration[hits + 1] as number) + (1 - share) * (duration[hits] as number)
        : 0;
      net[hits] = goesOn ? drawn : stopped;
    }
  }
  return { net: net[0] as number, duration: duration[0] as number };
}

/**
 * The same over rules that draw a fixed number of times (knowledge gradient over
 * several draws, Frazier and Powell 2010), for which the share after m draws is
 * close to normal: mean mu, variance mu (1 - mu) / (n + 1) * m / (n + m).
 */
export function indexByNormal(a: number, b: number): number {
  const votes = a + b;
  const mean = a / votes;
  const spread = Math.sqrt((mean * (1 - mean)) / (votes + 1));
  let best = 0;
  // So far ahead that the other's share is lost to rounding.
  if (spread === 0) return best;
  // A ratio of 1.1 between numbers of draws misses the flat maximum by less than 1%.
  for (let draws = Math.max(1, a - b); draws < 1000 * votes; draws *= 1.1) {
    const deviation = spread * Math.sqrt(draws / (votes + draws));
    best = Math.max(best, (2 * deviation * normalLoss((mean - 0.5) / deviation)) / draws);
  }
  return best;
}

/** E[max(0, Z - z)] of a standard normal Z, for z of at least 0: density minus z times the tail. */
function normalLoss(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return density * (1 - z * millsRatio(z));
}

/** Tail over density of the standard normal, as a continued fraction from the far end (Laplace). */
function millsRatio(z: number): number {
  let fraction = z + 50;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return 1 / fraction;
}
