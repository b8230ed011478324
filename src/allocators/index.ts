export { random } from "./random.js";
export { DEFAULT_ROUND_SHARE, ranked } from "./ranked.js";
export type { RankedOptions } from "./ranked.js";
export { ucb } from "./ucb.js";
export type { UcbOptions } from "./ucb.js";
export { uniform } from "./uniform.js";
