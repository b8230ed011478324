export { inverseMargin } from "./inverse_margin.js";
export { normalizedEntropy } from "./normalized_entropy.js";
export { variationRatio } from "./variation_ratio.js";
