import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { isHopeless } from "../../src/core/hopeless.js";
import type { Outside } from "../../src/core/solve.js";
import type { Reply } from "../../src/core/types.js";
import { Pool } from "../../src/langchain/pool.js";
import type { TurnsPrompt } from "../../src/prompts/turns.js";
import { numbersFrom } from "../../examples/data/seeded.js";

type Generate = Outside<AIMessage, TurnsPrompt>["generate"];
type Asked = Parameters<Generate>;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What a watched door is asked with does not matter to it, but for the arm's place. */
const asked = (index: number): Asked => [{ index }, {}, 0] as unknown as Asked;

const answered = (): Reply<AIMessage> => ({
  text: "a text",
  answer: "1",
  usage: { outputTokens: 3 },
  message: new AIMessage("a text"),
});
const unusable = (): Reply<AIMessage> => ({ ...answered(), answer: null, error: new Error("no text") });
const lost = (): Reply<AIMessage> => ({ text: "", answer: null, usage: {}, error: new Error("503") });
const refused = (): Reply<AIMessage> => ({ ...lost(), isUnbilled: true });

describe("while another attempt may come, a pool", () => {
  it.each([
    ["responses", answered, 64],
    ["responses without an answer", unusable, 2 * 4],
    ["failed calls", lost, 0],
  ])("keeps none of the %s that it has seen", async (_what, reply, left) => {
    const pool = new Pool(2);
    const account = pool.open({ totalSamples: 64 }, 2, 1);
    const seen: WeakRef<object>[] = [];
    const watched = pool.watching(async () => {
      const replies = [reply(), reply()];
      for (const each of replies)
        for (const part of [each, each.message, each.error]) if (part) seen.push(new WeakRef(part));
      return replies;
    });
    for (let call = 0; call < 4; call++) await watched(...asked(call % 2));
    await turn();
    collect();
    expect(seen.length).toBeGreaterThan(8);
    expect(seen.map((each) => each.deref())).toEqual(seen.map(() => undefined));
    // What is left of the shares of both questions, hopeless ones by now, is held back.
    expect(account.samplesLeft()).toBe(left);
  });

  it.each([
    ["samples", { totalSamples: 48 }],
    ["tokens", { totalSamples: 48, totalOutputTokens: 1e6, maxOutputTokensPerSample: 10 }],
  ])("holds back what a recount over all replies gives, where %s are limited", async (_what, budget) => {
    const random = numbersFrom("pool");
    const kinds = [answered, unusable, lost, lost, lost, refused, refused];
    for (let trial = 0; trial < 60; trial++) {
      const pool = new Pool(2);
      const account = pool.open(budget, 2, 1);
      const past: Reply[][] = [[], []];
      const watched = pool.watching(async ({ index }) => {
        // Runs of one kind, because a question is hopeless only after several failures.
        const kind = kinds[Math.floor(random() * kinds.length)] ?? lost;
        const replies = Array.from({ length: 1 + Math.floor(3 * random()) }, kind);
        past[index]?.push(...replies);
        return replies;
      });
      for (let call = 0; call < 12; call++) {
        await watched(...asked(call % 2));
        const heldBack = past.map((replies) => {
          const paid = replies.filter(
            ({ error, message, isUnbilled }) =>
              error === undefined ||
              message !== undefined ||
              ("totalOutputTokens" in budget && isUnbilled !== true),
          );
          return isHopeless(replies) ? Math.max(0, 24 - paid.length) : 0;
        });
        expect(account.samplesLeft()).toBe(48 - (heldBack[0] ?? 0) - (heldBack[1] ?? 0));
      }
    }
  });
});
