import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { dynscaling, workspace } from "../cli/command.js";
import type { Finished } from "../cli/command.js";
import { CountedAnswers, settledAnswer } from "../support/counted_answers.js";
import { serveOpenAI } from "../support/openai_server.js";
import type { ModelRequest, ProtocolServer } from "../support/protocol_server.js";

/** `JOURNAL_KILLS=50 npx vitest run test/journal/kill.test.ts` is the long form; it takes about two minutes. */
const KILLS = Number(process.env["JOURNAL_KILLS"] ?? 8);
const KEY = "sk-a-key-that-nobody-may-see";
const QUESTIONS = Array.from({ length: Math.max(8, KILLS) }, (_, n) => `What is the secret of number ${n}?`);
const SAMPLES_PER_INPUT = 12;

let server: ProtocolServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Pseudorandom numbers in [0, 1) from a seed, so that a failure comes again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function askedBy({ turns }: ModelRequest): string {
  return JSON.stringify(turns.map(({ role, text }) => [role, text]));
}

interface Command {
  out: string;
  journal: string;
  start: (extra: string[], onChild?: (child: ChildProcess) => void) => Promise<Finished>;
  results: () => unknown[];
}

function command(concurrency: number): Command {
  const lines = QUESTIONS.map((question, id) => JSON.stringify({ id: `q${id}`, question }));
  const { questions, out, results } = workspace(lines);
  const env = { OPENAI_API_KEY: KEY, TEST_OPENAI_URL: server?.url ?? "" };
  return {
    out,
    journal: join(dirname(out), "night.jsonl"),
    start: (extra, onChild) =>
      dynscaling(
        [
          ...`run ${questions} --out ${out} --model openai:gpt-4.1-mini --seed 3`.split(" "),
          ...`--budget ${SAMPLES_PER_INPUT} --max-concurrency ${concurrency}`.split(" "),
          ...extra,
        ],
        { env, onStart: onChild },
      ),
    results: () =>
      results().map((line) => {
        const { replayedSamples: _replayed, ...rest } = line as Record<string, unknown>;
        return rest;
      }),
  };
}

/** Kills the command again and again, and returns how many calls of the model it then took in all. */
async function killed({ start, journal, out }: Command, takeBack: () => void): Promise<number> {
  const running = server as ProtocolServer;
  const random = randomFrom(KILLS);
  const before = running.requests.length;
  // The same command every time, until one of them gets to its end.
  const isDone = (): boolean => existsSync(out) && statSync(out).size > 0;
  for (let kill = 0; kill < KILLS && !isDone(); kill++) {
    const until = running.requests.length + Math.floor(random() * 20);
    const child = await new Promise<ChildProcess>((settle) => {
      void start(["--journal", journal], settle);
    });
    const over = new Promise<void>((settle) => child.once("close", () => settle()));
    if (until > running.requests.length) await Promise.race([running.arrived(until), over]);
    await sleep(random() * 15);
    child.kill("SIGKILL");
    await over;
    await running.idle();
    takeBack();
  }
  const last = await start(["--journal", journal, ...(isDone() ? ["--force"] : [])]);
  expect(last.stderr).toContain("100%");
  expect(last.code).toBe(0);
  return running.requests.length - before;
}

it.each([
  [1, "each time another answer"],
  [8, "the same answer to the same request"],
])(
  `a run killed with SIGKILL at ${KILLS} random moments completes as one that never was; with %i in flight, and a model that gives %s`,
  async (concurrency) => {
    let answers = new CountedAnswers();
    server = await serveOpenAI(async (request) => {
      const text = concurrency === 1 ? answers.next(askedBy(request)) : settledAnswer(askedBy(request));
      await sleep(request.index % 3);
      return text;
    });
    const never = command(concurrency);
    expect((await never.start([])).code).toBe(0);

    answers = new CountedAnswers();
    const often = command(concurrency);
    const calls = await killed(often, () =>
      answers.keepOnly(existsSync(often.journal) ? readFileSync(often.journal, "utf8") : ""),
    );
    expect(often.results()).toEqual(never.results());
    const samples = QUESTIONS.length * SAMPLES_PER_INPUT;
    expect(calls).toBeGreaterThanOrEqual(samples);
    expect(calls).toBeLessThanOrEqual(samples + KILLS * concurrency);

    const text = readFileSync(often.journal, "utf8");
    for (const secret of [KEY, "authorization", "secret of number"]) expect(text).not.toContain(secret);
    expect(text.trimEnd().split("\n")).toHaveLength(1 + samples);
    // A kill while the lock was taken may leave what it would have become.
    const left = readdirSync(dirname(often.out)).filter((name) => !name.includes(".lock."));
    expect(left.toSorted()).toEqual(["night.jsonl", "questions.jsonl", "results.jsonl"]);
  },
  60_000 + KILLS * 10_000,
);
