export { selfConsistency } from "./self_consistency.js";
