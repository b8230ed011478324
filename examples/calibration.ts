/**
 * How should conditioned samples count? Compares the counts of recorded units of 4
 * independent and 4 conditioned samples with the answer of a large independent vote and
 * with the right one. Prints markdown tables, in a few minutes.
 *
 *   npx tsx examples/calibration.ts embedded.jsonl [more.jsonl]
 *
 * The files are those of `examples/results/embedded.ts record --kinds guarded --passes 4`.
 */
import { parseArgs } from "node:util";
import { LARGE_VOTE, sortRuns } from "./calibration/observations.js";
import { runsOf } from "./calibration/recorded.js";
import { printAllocation } from "./calibration/allocation_table.js";
import { printAgreement, printDependence, printFollowing } from "./calibration/dependence_tables.js";
import { printModels, printUncertainty } from "./calibration/model_tables.js";
import { readBlocks } from "./results/embedded/recording.js";
import { printModes, printVotes, printWeights } from "./calibration/vote_tables.js";

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "20261122" } },
});
if (files.length === 0) throw new Error("Name the recording, for example embedded.jsonl.");
const questions = runsOf(files.flatMap(readBlocks), Number(values.seed)).map(sortRuns);
const units = questions.reduce((sum, question) => sum + question.units.length, 0);
console.log(
  `${questions.length} questions, ${units} units of 4 + 4, a large vote has ${LARGE_VOTE} votes, none of which is among the counts: independent ones, or (mixed) whole units. 95% intervals over questions.`,
);
printVotes(questions);
printModes(questions);
printDependence(questions);
printWeights(questions);
printAllocation(questions);
printModels(questions);
printUncertainty(questions);
printAgreement(questions);
printFollowing(questions);
