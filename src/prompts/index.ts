export { bare } from "./bare.js";
export type { ChainPrompt } from "./chain_prompt.js";
export { guarded } from "./guarded.js";
