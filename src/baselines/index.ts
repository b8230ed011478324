export { randomAllocation, withoutDynamicAllocation, withoutIntegratedSampling } from "./ablations.js";
export { adaptiveConsistency } from "./adaptive_consistency.js";
export { earlyStopping } from "./early_stopping.js";
export { paperDefaults } from "./paper_defaults.js";
export type { Recipe } from "./recipe.js";
export { selfConsistency } from "./self_consistency.js";
export { sp1, sp2, sp3 } from "./sequential.js";
