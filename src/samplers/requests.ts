import type { Sample, SampleRequest } from "../core/types.js";

/** A failed, empty or cut-off response is not quoted. */
export function isQuotable({ error, truncated, text }: Sample): boolean {
  return error === undefined && truncated !== true && text.trim() !== "";
}

/** The same for all of them: a batch asks for hundreds of thousands. */
const ON_ITS_OWN: SampleRequest<never> = Object.freeze({
  stage: "parallel",
  parents: Object.freeze([]) as readonly number[],
});

/** `count` samples, each asked on its own. */
export function parallelRequests(count: number): SampleRequest<never>[] {
  return Array.from({ length: count }, () => ON_ITS_OWN);
}
