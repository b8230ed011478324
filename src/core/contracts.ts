import type { AllocationContext, Arm, SampleRequest } from "./types.js";

// Strategies are the user's to write, and the user's money is at stake.

/** @throws {Error} if an allocator returned anything but what `Allocator.allocate` promises */
export function requireAllocation(
  name: string,
  pulls: readonly number[],
  arms: number,
  context: AllocationContext,
): void {
  requireArray(`Allocator "${name}"`, pulls);
  const sum = pulls.reduce((total, count) => total + count, 0);
  const whole = pulls.every((count) => Number.isInteger(count) && count >= 0 && count <= context.unitSamples);
  if (pulls.length !== arms || !whole || sum < 1 || sum > context.pulls) {
    throw new Error(
      `Allocator "${name}" returned [${pulls.slice(0, 8).join(", ")}${pulls.length > 8 ? ", …" : ""}] for ${arms} arms. ` +
        `It must return one whole number from 0 to ${context.unitSamples} per arm, with a sum from 1 to ${context.pulls}.`,
    );
  }
}

/** @throws {Error} if any of the numbers that rank an arm is NaN: it is neither before nor behind any other */
export function requireRanks(name: string, ranks: readonly (number | null)[]): void {
  if (ranks.some((rank) => Number.isNaN(rank))) throw new Error(`Allocator "${name}" ranks an arm by NaN.`);
}

/** @throws {Error} if a sampler planned nothing, more than it may, or a chain that cannot be built */
export function requirePlan(name: string, requests: readonly SampleRequest[], arm: Arm, pulls: number): void {
  requireArray(`Sampler "${name}"`, requests);
  if (requests.length < 1 || requests.length > pulls) {
    throw new Error(
      `Sampler "${name}" planned ${requests.length} requests for ${pulls} pulls; it must plan from 1 to ${pulls}.`,
    );
  }
  for (const { parents, prompt, purpose } of requests) {
    const unknown = parents.find((parent) => arm.samples[parent] === undefined);
    if (unknown !== undefined) {
      throw new Error(`Sampler "${name}" quotes sample ${unknown} of an arm that has ${arm.samples.length}.`);
    }
    if (purpose !== undefined && purpose !== "answer" && parents.length === 0) {
      throw new Error(`Sampler "${name}" asks for a ${purpose} on no sample; quote the sample it is about.`);
    }
    if (parents.length > 0 && prompt === undefined) {
      throw new Error(`Sampler "${name}" quotes samples without a prompt to quote them with.`);
    }
  }
}

function requireArray(who: string, returned: unknown): void {
  if (!Array.isArray(returned)) {
    const what = returned instanceof Promise ? "a promise; it must not be async" : String(returned);
    throw new Error(`${who} must return an array; it returned ${what}.`);
  }
}
