/** Products of decimal fractions miss whole numbers by a hair: 1.15 * 100 is 114.999…, 0.07 * 100 is 7.000…1. */
const HAIR = 1e-9;

/** The largest whole number of at most `share * count`. */
export function floorOf(share: number, count: number): number {
  return Math.floor(share * count + HAIR);
}

/** The smallest whole number of at least `share * count`. */
export function ceilingOf(share: number, count: number): number {
  return Math.ceil(share * count - HAIR);
}
