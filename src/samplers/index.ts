export { independent } from "./independent.js";
export { allResponses, integrated, ownUnit } from "./integrated.js";
export type { IntegratedOptions, ThoughtPool } from "./integrated.js";
