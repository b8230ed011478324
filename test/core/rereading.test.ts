import { describe, expect, it } from "vitest";
import { uniform } from "../../src/allocators/uniform.js";
import { openAccount } from "../../src/core/account.js";
import { Course } from "../../src/core/course.js";
import { independent } from "../../src/samplers/independent.js";
import { variationRatio } from "../../src/uncertainty/variation_ratio.js";
import { majority } from "../../src/voting/majority.js";

describe("a question of which two units are read anew", () => {
  it("is offered again only when the second has been read too", () => {
    const parts = { allocator: uniform(), uncertainty: variationRatio, voting: majority };
    const course = new Course<unknown, never>(
      ["q"],
      { ...parts, sampler: independent(), unitSamples: 1, seed: 0 },
      openAccount({ totalSamples: 3 }, 1),
      { samplesPerCall: 1, slots: 2, rereads: true, isOpen: () => true },
    );
    const calls = [course.next(), course.next()];
    for (const call of calls) {
      call!.unit.opening = Promise.resolve();
      course.book(call!, [{ text: "t", answer: "a", usage: {} }]);
    }
    const [first, second] = course.takeOver();
    course.close(first!, []);
    expect(course.next()).toBeNull();
    course.close(second!, []);
    expect(course.next()?.arm.index).toBe(0);
  });
});
