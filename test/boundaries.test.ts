import { readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

/** The parts below the Runnable, and what each may import besides itself. Packages by their name. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: ["pure-rand"],
  samplers: ["core", "prompts"],
  allocators: ["core"],
  uncertainty: ["core"],
  extractors: ["core"],
  voting: ["core"],
  prompts: ["core", "@langchain/core/prompts", "@langchain/core/messages"],
  baselines: ["core", "samplers", "allocators", "uncertainty", "voting", "prompts", "method.ts"],
  evaluation: [
    "core",
    "samplers",
    "extractors",
    "method.ts",
    "dynscaling.ts",
    "langchain",
    "@langchain/core/messages",
    "@langchain/core/callbacks/base",
    "vega",
    "vega-lite",
  ],
  journal: ["core", "node:fs/promises", "node:os", "node:path"],
  langsmith: ["core", "langchain", "@langchain/core", "langsmith"],
  meaning: ["core", "langchain", "@langchain/core"],
  structured: ["core", "uncertainty", "prompts", "langchain", "@langchain/core"],
  agents: ["core", "dynscaling.ts", "shared.ts", "shared_budget.ts", "langchain", "@langchain/core"],
};

/** Where LangChain may be named, and where Node may be. */
const LANGCHAIN = new Set([
  "dynscaling.ts",
  "shared.ts",
  "shared_budget.ts",
  "langchain",
  "evaluation",
  "local",
  "prompts",
  "langsmith",
  "meaning",
  "structured",
  "agents",
  "cli",
  "cli.ts",
]);
const NODE = new Set(["journal", "local", "cli", "cli.ts"]);

/** What the library never imports, and the parts that are no library. */
const OUTER = new Set(["evaluation", "journal", "local", "langsmith", "agents", "cli", "cli.ts"]);

interface Import {
  /** File in `src/`. */
  file: string;
  /** Top-level folder or file of `src/` that it belongs to. */
  part: string;
  /** As written. */
  specifier: string;
  /** Top-level folder or file of `src/` that is imported; the specifier for a package. */
  target: string;
}

const root = new URL("../src/", import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"));
const sources = new Map(files.map((file) => [file, readFileSync(new URL(file, root), "utf8")]));

function topOf(path: string): string {
  return path.split("/")[0] as string;
}

const imports: Import[] = [...sources].flatMap(([file, source]) =>
  Array.from(source.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"([^"]+)"/g), ([, found]) => {
    const specifier = found as string;
    const inside = posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts");
    const target = specifier.startsWith(".") ? topOf(inside) : specifier;
    return { file, part: topOf(file), specifier, target };
  }),
);

function isOf(name: string, specifier: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

function isCli(part: string): boolean {
  return part === "cli" || part === "cli.ts";
}

function lines(found: readonly Import[]): string[] {
  return found.map(({ file, specifier }) => `${file} imports ${specifier}`);
}

describe("the dependency rule", () => {
  it("is checked on imports that are really there", () => {
    expect(imports.length).toBeGreaterThan(100);
    for (const part of Object.keys(MAY_IMPORT)) expect(files.some((file) => topOf(file) === part)).toBe(true);
    expect(lines(imports)).toContain("core/random.ts imports pure-rand/distribution/uniformFloat64");
    expect(imports.filter(({ specifier, target }) => specifier.startsWith(".") && target === "..")).toEqual(
      [],
    );
  });

  it.each(Object.entries(MAY_IMPORT))("lets %s import only itself and %j", (part, allowed) => {
    const wrong = imports.filter(
      (each) =>
        each.part === part && each.target !== part && !allowed.some((name) => isOf(name, each.target)),
    );
    expect(lines(wrong)).toEqual([]);
  });

  it("keeps LangChain at the edge", () => {
    const wrong = imports.filter(
      ({ part, specifier }) => isOf("@langchain", specifier) && !LANGCHAIN.has(part),
    );
    expect(lines(wrong)).toEqual([]);
  });

  it("keeps Node out of what runs in a browser", () => {
    const wrong = imports.filter(({ part, specifier }) => isBuiltin(specifier) && !NODE.has(part));
    expect(lines(wrong)).toEqual([]);
  });

  it("lets nothing of the library import the evaluation, the command line or the local model", () => {
    const wrong = imports.filter(({ part, target }) => !OUTER.has(part) && OUTER.has(target));
    expect(lines(wrong)).toEqual([]);
    const upward = imports.filter(
      ({ part, target }) => !isCli(part) && (isCli(target) || target === "index.ts"),
    );
    expect(lines(upward)).toEqual([]);
  });

  it("lets the edge and the local model stand without the Runnable and its recipes", () => {
    const wrong = imports.filter(
      ({ part, target }) =>
        (part === "langchain" || part === "local") && (target === "dynscaling.ts" || target === "baselines"),
    );
    expect(lines(wrong)).toEqual([]);
  });

  it("writes relative imports with their extension, and names every export", () => {
    const wrong = imports.filter(({ specifier }) => specifier.startsWith(".") && !specifier.endsWith(".js"));
    expect(lines(wrong)).toEqual([]);
    const stars = [...sources].filter(([, source]) => /^\s*export\s+\*/m.test(source));
    expect(stars.map(([file]) => file)).toEqual([]);
  });
});
