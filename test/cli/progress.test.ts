import { AIMessage } from "@langchain/core/messages";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../src/cli/progress.js";
import type { Target } from "../../src/cli/progress.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 0 }));
afterEach(() => void vi.useRealTimers());

const message = new AIMessage({
  content: "2",
  usage_metadata: { input_tokens: 1, output_tokens: 30, total_tokens: 31 },
});

/** Lines after each of `calls` calls, one every `pace` seconds. */
function shown(target: Target, calls: number, pace: number, isTTY = false): string[] {
  const written: string[] = [];
  vi.setSystemTime(0);
  const progress = new Progress("sampling", target, { isTTY, write: (text) => written.push(text) });
  for (let call = 1; call <= calls; call++) {
    vi.setSystemTime(call * pace * 1000);
    progress.handleLLMEnd({ generations: [[{ text: "2", message } as never]] });
  }
  return written;
}

describe("the progress of a command", () => {
  it("estimates the time left from the pace so far", () => {
    const lines = shown({ samples: 40 }, 10, 3);
    expect(lines.at(-1)).toBe("sampling   20%  8 samples, 240 output tokens, 24 s, about 96 s left\n");
    expect(shown({ samples: 400 }, 100, 3).at(-1)).toContain("240 s, about 16 min left");
    expect(shown({ samples: 4000 }, 2000, 10).at(-1)).toContain("about 5.6 h left");
  });

  it("does so towards a limit in tokens as well", () => {
    expect(shown({ outputTokens: 1200 }, 10, 3).at(-1)).toContain(
      "20%  8 samples, 240 output tokens, 24 s, about 96 s left",
    );
  });

  it("does so towards a limit in dollars, prompts included", () => {
    const prices = { inputUsdPerMillionTokens: 10, outputUsdPerMillionTokens: 100 };
    expect(shown({ costUsd: (40 * (10 + 3000)) / 1e6, prices }, 10, 3).at(-1)).toContain(
      "20%  8 samples, 240 output tokens, 24 s, about 96 s left",
    );
  });

  it("says no more than ten lines where nothing can be redrawn, and none of them with time left at the end", () => {
    const lines = shown({ samples: 1000 }, 1000, 1);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe("sampling  100%  1,000 samples, 30,000 output tokens, 1000 s\n");
  });

  it("redraws one line on a terminal", () => {
    const lines = shown({ samples: 10 }, 4, 1, true);
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line.startsWith("\r\u001b[K")).toBe(true);
      expect(line).not.toContain("\n");
    }
  });

  it("counts calls that failed", () => {
    const written: string[] = [];
    const progress = new Progress("sampling", { samples: 2 }, { write: (text) => written.push(text) });
    progress.handleLLMError();
    progress.handleLLMError();
    expect(written.at(-1)).toContain("2 samples, 2 failed");
  });
});
