import type { LlamaContext, Token } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import { Decoder } from "../../src/local/decoder.js";
import type { Sampling } from "../../src/local/decoder.js";

/** What the sequences of a context were given to read, in order. */
interface Read {
  sequence: number;
  tokens: Token[];
}

/** Sequences that keep what they have read, as those of llama.cpp do; they sample zeros. */
function contextOf(sequences: number): { context: LlamaContext; reads: Read[] } {
  const reads: Read[] = [];
  let made = 0;
  const getSequence = (): object => {
    const sequence = made++;
    let held: Token[] = [];
    return {
      disposed: false,
      get nextTokenIndex() {
        return held.length;
      },
      async adaptStateToTokens(tokens: Token[]) {
        const differs = tokens.findIndex((token, place) => token !== held[place]);
        held = held.slice(0, differs < 0 ? tokens.length : differs);
      },
      async *evaluate(tokens: Token[]) {
        reads.push({ sequence, tokens });
        held.push(...tokens);
        for (;;) yield 0 as Token;
      },
    };
  };
  const context = { totalSequences: sequences, getSequence, dispose: async () => {} };
  return { context: context as unknown as LlamaContext, reads };
}

const tokens = (...values: number[]): Token[] => values as Token[];

/** A prompt of one question: its beginning, then what is asked about it. */
const prompt = (question: number, rest: number): Token[] =>
  tokens(...Array.from({ length: 50 }, () => question), 1000 + rest, 1);

const sampling = (own: Token[], length = 2): Sampling => {
  let sampled = 0;
  const take = (): boolean => ++sampled < length;
  return { prompt: own, temperature: 0, topK: 0, topP: 1, seed: 1, signal: undefined, take };
};

describe("the beginning that prompts about one question share", () => {
  it("is read once, where questions are asked beside each other and prompts come in the order of questions", async () => {
    const { context, reads } = contextOf(3);
    const decoder = new Decoder(context);
    const jobs = [10, 20, 30].flatMap((question) => [1, 2, 3, 4].map((rest) => prompt(question, rest)));
    await Promise.all(jobs.map((job) => decoder.sample(sampling(job))));
    expect(reads).toHaveLength(12);
    const whole = reads.filter((read) => read.tokens.length > 2);
    expect(whole.map((read) => read.tokens[0])).toEqual([10, 20, 30]);
    expect(new Set(whole.map(({ sequence }) => sequence)).size).toBe(3);
  });

  it("leaves no sequence idle while jobs wait", async () => {
    const { context, reads } = contextOf(4);
    const decoder = new Decoder(context);
    await Promise.all([1, 2, 3, 4].map((rest) => decoder.sample(sampling(prompt(10, rest)))));
    expect(new Set(reads.map(({ sequence }) => sequence)).size).toBe(4);
  });

  it("does not keep another question waiting for ever", async () => {
    const { context } = contextOf(1);
    const decoder = new Decoder(context);
    const order: string[] = [];
    const ask = async (name: string, own: Token[]): Promise<void> => {
      await decoder.sample(sampling(own));
      order.push(name);
    };
    let rest = 0;
    // Each answer brings another prompt of the same question.
    const goOn = async (): Promise<void> => {
      for (; rest < 400 && !order.includes("other"); rest++) await ask("same", prompt(10, rest));
    };
    await Promise.all([goOn(), goOn(), ask("other", prompt(20, 0))]);
    expect(order.indexOf("other")).toBeGreaterThan(0);
    expect(order.indexOf("other")).toBeLessThan(100);
  });
});
