export { conditionedOnly, drawn, earliest, everyResponse, majority, majorityOf } from "./majority.js";
export type { Electorate, MajorityOptions, TieBreak } from "./majority.js";
