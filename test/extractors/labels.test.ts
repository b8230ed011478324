import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/core/errors.js";
import { oneOf, someOf } from "../../src/extractors/index.js";

/** One way in which a model writes labels, and what a person reads from it. */
interface Row {
  /** Name of the labels that it was to choose from. */
  set: string;
  /** Set if it was to choose any number of them. */
  several?: true;
  output: string;
  expected: string | null;
  /** Set where nothing is read although a person would: it costs a vote and misleads nobody. */
  missed?: true;
}

const file = new URL("../fixtures/labels.json", import.meta.url);
const { sets, rows } = JSON.parse(readFileSync(file, "utf8")) as {
  sets: Record<string, string[]>;
  rows: Row[];
};

function read({ set, several, output }: Row): string | null {
  return (several ? someOf : oneOf)(sets[set] as string[])(output);
}

describe("labels as models write them", () => {
  it.each(rows)("$set: $output", (row) => {
    expect(read(row)).toBe(row.missed ? null : row.expected);
  });

  it("are in a table of 600 rows or more, none twice, an eighth of which are missed at most", () => {
    expect(rows.length).toBeGreaterThanOrEqual(600);
    expect(new Set(rows.map(({ set, output }) => `${set}: ${output}`)).size).toBe(rows.length);
    expect(rows.filter(({ missed }) => missed).length / rows.length).toBeLessThanOrEqual(0.125);
    expect(rows.filter(({ expected }) => expected === null).length).toBeGreaterThan(240);
  });

  it("are never read as another label than a person reads", () => {
    const wrong = rows.filter((row) => read(row) !== null && read(row) !== row.expected);
    expect(wrong).toEqual([]);
  });
});

describe("labels in the shapes that every model writes", () => {
  const words = fc.constantFrom(
    "alpha",
    "Beta",
    "gamma ray",
    "DELTA_4",
    "not beta",
    "eps-ilon",
    "Ζήτα",
    "七",
  );
  const wraps = fc.constantFrom<(label: string) => string>(
    (label) => label,
    (label) => `**${label}**`,
    (label) => `"${label}".`,
    (label) => `Label: ${label}`,
    (label) => `${label}, because it is so.`,
    (label) => `I would classify this as ${label}.`,
    (label) => JSON.stringify({ reason: "some", label }),
    (label) => `Some thoughts.\n\nFinal answer: \`${label.toUpperCase()}\``,
  );

  it("are read whatever they are called, and none where they are unknown", () => {
    fc.assert(
      fc.property(fc.uniqueArray(words, { minLength: 2 }), wraps, ([label = "", ...others], wrap) => {
        expect(oneOf([label, ...others])(wrap(label))).toBe(label);
        expect(oneOf(others)(wrap("unheard of"))).toBeNull();
        // "not beta" holds "beta", and must not be it.
        expect(oneOf(others)(wrap(label))).toBeNull();
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  it("are read at the end of a response of any length", () => {
    const long = `Label: beta\n${"and so on ".repeat(10_000)}`;
    expect(oneOf(["alpha", "beta"])(`${long}\nLabel: alpha`)).toBe("alpha");
    expect(someOf(["alpha", "beta"])(`${long}\nLabels: alpha`)).toBe('["alpha"]');
    expect(oneOf(["alpha", "beta"])(long)).toBeNull();
  });

  it("are one set in any order", () => {
    const labels = ["alpha", "beta", "gamma ray"];
    fc.assert(
      fc.property(fc.shuffledSubarray(labels, { minLength: 1 }), (chosen) => {
        const expected = JSON.stringify(labels.filter((label) => chosen.includes(label)));
        expect(someOf(labels)(`Labels: ${chosen.join(", ")}`)).toBe(expected);
        expect(someOf(labels)(chosen.map((label) => `- ${label}`).join("\n"))).toBe(expected);
      }),
      { seed: 8 },
    );
  });
});

describe("synonyms", () => {
  it("vote for the label that they stand for", () => {
    const extract = oneOf(["positive", "negative"], {
      synonyms: { negative: ["bad", "2"], positive: ["1"] },
    });
    expect(["2", "Bad.", "Label: 1", "negative"].map(extract)).toEqual([
      "negative",
      "negative",
      "positive",
      "negative",
    ]);
    // The number of one and the name of another.
    expect(extract("1. negative")).toBeNull();
  });
});

describe("labels that cannot be told apart, or are none", () => {
  it.each<[string, () => unknown, string]>([
    ["none", () => oneOf([]), 'oneOf.labels: got an array of 0. Give a list, such as ["positive"'],
    ["no list", () => oneOf("spam" as unknown as string[]), 'oneOf.labels: got "spam"'],
    ["a label without a word", () => oneOf(["spam", "!?"]), 'oneOf.labels: got "!?"'],
    [
      "a label twice",
      () => someOf(["Spam", "spam "]),
      'someOf.labels: got "spam ". It cannot be told from "Spam"',
    ],
    [
      "a synonym of no label",
      () => oneOf(["spam"], { synonyms: { ham: ["h"] } }),
      'oneOf.synonyms: got "ham"',
    ],
    ["a synonym of two", () => oneOf(["a", "b"], { synonyms: { a: ["B"] } }), 'oneOf.synonyms: got "B"'],
    ["an unknown option", () => oneOf(["spam"], { multiple: true } as object), "oneOf.multiple"],
  ])("are refused: %s", (_what, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});
