/**
 * Which answers can go out, and which go to a person first? Labelled questions tell
 * from what agreement on no more than one answer in five is wrong; below it, a result
 * is marked, with what a reviewer needs.
 *
 *   npx tsx examples/review.ts
 */
import { DynScaling } from "langchain-dynscaling";
import { selfConsistency } from "langchain-dynscaling/baselines";
import { fitThreshold } from "langchain-dynscaling/evaluation";
import { ChatLocal, ledgerQuestions } from "langchain-dynscaling/local";

const parts = { model: new ChatLocal({ seed: 1 }), budget: { samplesPerInput: 8 }, ...selfConsistency() };

const labelled = ledgerQuestions({ count: 40, seed: 11 });
const known = await new DynScaling(parts).solve(labelled.map(({ question }) => question));
const judged = known.map(({ answer, agreement, votes }, place) => ({
  question: labelled[place]?.question ?? "",
  agreement: agreement ?? 0,
  votes: votes.reduce((sum, { count }) => sum + count, 0),
  correct: answer === labelled[place]?.answer,
}));
const fitted = fitThreshold(judged, { errorRate: 0.2, thresholds: [0.5, 0.75, 1] });
const { agreementBelow, votesBelow, coverage, errorBound } = fitted;
console.log(
  `${judged.filter(({ correct }) => correct).length} of ${judged.length} labelled answers are right`,
);
if (agreementBelow === null) throw new Error("Too few labelled answers, or no agreement is enough.");
console.log(
  `from agreement ${agreementBelow} on, ${(100 * coverage).toFixed(0)}% can go out; ` +
    `at most ${(100 * errorBound).toFixed(0)}% of those are wrong, at 95% confidence`,
);

const scaled = new DynScaling({ ...parts, review: { agreementBelow, votesBelow } });
const questions = ledgerQuestions({ count: 8, seed: 12 });
const messages = await scaled.batch(questions.map(({ question }) => question));
for (const [place, { response_metadata }] of messages.entries()) {
  const { answer, review } = response_metadata.dynscaling;
  if (review === null) continue;
  console.log(`\nto a person: ${questions[place]?.question}`);
  console.log(`  answered ${answer}, right is ${questions[place]?.answer}; the candidates:`);
  for (const { answer: candidate, count, example } of review.candidates)
    console.log(`  ${candidate} (${count} votes), such as: ${example.split("\n").at(-1)}`);
}
