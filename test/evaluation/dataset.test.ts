import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/core/errors.js";
import { parseDataset } from "../../src/evaluation/dataset.js";

describe("parseDataset", () => {
  it("reads what it is given, whatever the texts hold", () => {
    const questions = fc.uniqueArray(
      fc.record({
        id: fc.string(),
        question: fc.string().filter((text) => text.trim() !== ""),
        answer: fc.string(),
      }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(questions, (given) => {
        expect(parseDataset(given.map((line) => JSON.stringify(line)).join("\n"))).toEqual(given);
      }),
      { seed: 3 },
    );
  });

  it("reads files that begin with a byte order mark", () => {
    expect(parseDataset('\uFEFF{"question": "a"}')).toEqual([{ id: "1", question: "a" }]);
  });

  it("numbers lines without an id, skips empty ones, and takes numbers as text", () => {
    expect(parseDataset('{"question": "a", "answer": 7}\r\n\n{"id": 5, "question": "b"}\n')).toEqual([
      { id: "1", question: "a", answer: "7" },
      { id: "5", question: "b" },
    ]);
  });

  it.each([
    ["{", /^line 2: .*no JSON object/],
    ["7", /^line 2: got "7"/],
    ["null", /^line 2: got "null"/],
    ['{"question": ""}', /^line 2: .*"question"/],
    ['{"question": "b", "id": {}}', /^line 2: .*"id"/],
    ['{"question": "b", "answer": []}', /^line 2: .*"answer"/],
    ['{"question": "b", "id": "1"}', /^line 2: .*line 1/],
  ])("names the line that it cannot read: %s", (line, message) => {
    const read = (): unknown => parseDataset(`{"question": "a"}\n${line}`);
    expect(read).toThrow(OptionError);
    expect(read).toThrow(message);
  });
});
