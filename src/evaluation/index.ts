export { parseDataset } from "./dataset.js";
export type { Question } from "./dataset.js";
export { proportion } from "./statistics.js";
export type { Proportion } from "./statistics.js";
