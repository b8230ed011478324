import { describe, expect, it } from "vitest";
import { parseAime } from "../../../src/evaluation/datasets/aime.js";
import { finalAnswer } from "../../../src/extractors/final_answer.js";

const jsonl = (...records: object[]): string => records.map((each) => `${JSON.stringify(each)}\n`).join("");

describe("parseAime", () => {
  it("reads the layout ID, Problem, Solution, Answer, and asks for a box and a whole number", () => {
    const [first, second] = parseAime(
      jsonl(
        { ID: "2024-I-1", Problem: "Find $1+1$.", Solution: "It is \\boxed{2}.", Answer: 2 },
        { ID: "2024-I-2", Problem: "Find $70+3$.", Solution: "", Answer: 73 },
      ),
    );
    expect(first).toMatchObject({ id: "2024-I-1", answer: "2" });
    expect(first?.question).toMatch(/^Find \$1\+1\$\.\n\n.*whole number from 0 to 999.*\\boxed\{/s);
    expect(first?.question).not.toContain("It is");
    expect(second).toMatchObject({ id: "2024-I-2", answer: "73" });
  });

  it("reads the layout question, answer, and numbers the problems", () => {
    const problems = parseAime(
      jsonl({ question: "a", answer: "073" }, { question: "b", answer: "336^\\circ" }),
    );
    expect(problems.map(({ id, answer }) => [id, answer])).toEqual([
      ["1", "73"],
      ["2", "336"],
    ]);
  });

  it("reads the layout problem_idx, problem, answer as a table too", () => {
    const table =
      'problem_idx,problem,answer,problem_type\n1,"Let $a,b$\nbe.",000,"[""Algebra""]"\n2,c,999,[]\n';
    expect(parseAime(table).map(({ id, answer }) => [id, answer])).toEqual([
      ["1", "0"],
      ["2", "999"],
    ]);
    expect(parseAime(table)[0]?.question).toContain("Let $a,b$\nbe.");
  });

  it("gives gold answers that meet what a model writes, with leading zeros or without", () => {
    const [problem] = parseAime(jsonl({ problem: "a", answer: "073" }));
    expect(finalAnswer("So \\boxed{073}.")).toBe(problem?.answer);
    expect(finalAnswer("The answer is 73.")).toBe(problem?.answer);
  });

  it.each([
    [jsonl({ problem: "a", answer: "1000" }), /^line 1: .*from 0 to 999/],
    [jsonl({ problem: "a", answer: "1" }, { problem: "b", answer: -3 }), /^line 2: .*from 0 to 999/],
    [jsonl({ problem: "a", answer: "1/2" }), /from 0 to 999/],
    [jsonl({ problem: "a" }), /^line 1: .*"answer"/],
    [jsonl({ text: "a", answer: 1 }), /"problem" or "question"/],
    [jsonl({ problem: " ", answer: 1 }), /"problem" or "question"/],
    [jsonl({ id: 1, problem: "a", answer: 1 }, { id: "1", problem: "b", answer: 1 }), /"1".*have this id/],
    ["problem,answer\na\n", /^line 2: .*1 cells; the head has 2/],
    ["problem,answer\n", /holds no question/],
    ["", /holds no question/],
    ['[{"problem": "a", "answer": 1}]\n', /^line 1: .*write one JSON object a line/],
    ['[\n  {"problem": "a",\n  "answer": 1}\n]\n', /^line 1: .*write one JSON object a line/],
    ["{oops\n", /^line 1: .*no JSON object/],
  ])("refuses %j", (text, message) => {
    expect(() => parseAime(text)).toThrow(message);
  });
});
