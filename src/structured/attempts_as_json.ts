import type { Arm, Sample, Sampler } from "../core/types.js";
import type { TurnsPrompt } from "../prompts/turns.js";

/**
 * The same sampler, whose chains quote the objects of the responses as JSON, and nothing else.
 *
 * @param writtenOf the object as a message wrote it; `undefined` if it holds none
 */
export function attemptsAsJson(
  sampler: Sampler<TurnsPrompt>,
  writtenOf: (message: unknown) => unknown,
): Sampler<TurnsPrompt> {
  const textOf = (sample: Sample | undefined): string | undefined =>
    sample === undefined || sample.answer === null ? undefined : JSON.stringify(writtenOf(sample.message));
  return {
    ...sampler,
    plan: (arm, pulls, random) =>
      sampler.plan(withoutUnread(arm), pulls, random).map((request) => {
        const { prompt, parents } = request;
        const texts = parents.map((parent) => textOf(arm.samples[parent]));
        return prompt ? { ...request, prompt: quoting(texts, prompt) } : request;
      }),
  };
}

/** What is empty is not quoted. */
function withoutUnread(arm: Arm): Arm {
  const samples = arm.samples.map((sample) =>
    sample.answer === null && sample.purpose === "answer" ? { ...sample, text: "" } : sample,
  );
  return { ...arm, samples };
}

/** @param texts what stands for the quoted responses, in their order; `undefined` for what they said themselves */
function quoting(texts: readonly (string | undefined)[], prompt: TurnsPrompt): TurnsPrompt {
  return {
    name: prompt.name,
    render: (question, quoted) =>
      prompt.render(
        question,
        quoted.map((response, place) => ({ ...response, text: texts[place] ?? response.text })),
      ),
  };
}
