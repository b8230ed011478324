import { execFile } from "node:child_process";
import {
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** One condition of an export: where its code and its types are. */
interface Target {
  types: string;
  default: string;
}

interface Manifest {
  name: string;
  main: string;
  module: string;
  types: string;
  bin: Record<string, string>;
  exports: Record<string, { import: Target; require: Target } | string>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === "string" ? [] : [{ id: manifest.name + subpath.slice(1), subpath, target }],
);

/** A folder outside the repository where the packed package is installed, without its optional peers. */
const home = mkdtempSync(join(tmpdir(), "dynscaling-package-"));
const installed = join(home, "node_modules", manifest.name);
let files: string[] = [];

async function run(command: string, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, options, { cwd: home });
  return stdout.trim();
}

function runNode(kind: "module" | "commonjs", code: string): Promise<string> {
  return run(process.execPath, `--input-type=${kind}`, "--eval", code);
}

/** What every subpath of the installed package gives, by its full name. */
async function exportedNames(kind: "module" | "commonjs"): Promise<Record<string, string[]>> {
  const load = kind === "module" ? "await import(id)" : "require(id)";
  const code = `const names = {};
    for (const id of ${JSON.stringify(entries.map(({ id }) => id))}) names[id] = Object.keys(${load}).sort();
    console.log(JSON.stringify(names));`;
  return JSON.parse(await runNode(kind, code)) as Record<string, string[]>;
}

async function sourceNames(subpath: string): Promise<string[]> {
  return Object.keys((await import(join(root, "src", subpath, "index.ts"))) as object).toSorted();
}

beforeAll(async () => {
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", home];
  const { stdout } = await promisify(execFile)("npm", packing, { cwd: root });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  files = packed?.files.map(({ path }) => path) ?? [];
  mkdirSync(installed, { recursive: true });
  await run("tar", "-xzf", join(home, packed?.filename ?? ""), "-C", installed, "--strip-components=1");
  mkdirSync(join(home, "node_modules/@langchain"));
  for (const dependency of ["@langchain/core", "pure-rand"])
    symlinkSync(join(root, "node_modules", dependency), join(home, "node_modules", dependency), "dir");
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("the packed package", () => {
  it("holds the built files, the model and the documents, and nothing else", () => {
    const top = new Set(files.map((path) => path.split("/")[0]));
    expect(top).toEqual(new Set(["dist", "package.json", "README.md", "CHANGELOG.md", "LICENSE"]));
    expect(files).toContain("dist/local/ledger.gguf");
    expect(files.filter((path) => /\.(?:ts|js|cjs|cts|gguf|json|md)$|LICENSE$/.test(path))).toEqual(files);
  });

  it("holds every file that its package.json names", () => {
    const named = [
      manifest.main,
      manifest.module,
      manifest.types,
      ...Object.values(manifest.bin),
      ...entries.flatMap(({ target }) =>
        [target.import, target.require].flatMap(({ types, default: code }) => [types, code]),
      ),
    ];
    expect(named.length).toBeGreaterThan(entries.length * 4);
    expect(named.filter((path) => !files.includes(path.replace("./", "")))).toEqual([]);
  });

  it("has a subpath for every family", () => {
    const families = readdirSync(join(root, "src"), { withFileTypes: true })
      .filter(
        (folder) => folder.isDirectory() && readdirSync(join(root, "src", folder.name)).includes("index.ts"),
      )
      .map((folder) => `./${folder.name}`);
    expect(entries.map(({ subpath }) => subpath).toSorted()).toEqual([".", ...families].toSorted());
  });

  it.each(["module", "commonjs"] as const)(
    "gives what its source exports, and nothing else, on every subpath to a %s, without any optional package",
    async (kind) => {
      const names = await exportedNames(kind);
      for (const { id, subpath } of entries) {
        expect(names[id]?.length, id).toBeGreaterThan(0);
        expect(names[id], id).toEqual(await sourceNames(subpath));
      }
    },
  );

  it.each(["module", "commonjs"] as const)(
    "runs in a %s, and its subpaths share their classes",
    async (kind) => {
      const load = (id: string): string => (kind === "module" ? `await import("${id}")` : `require("${id}")`);
      const code = `
      async function main() {
        const { DynScaling, OptionError } = ${load(manifest.name)};
        const { ucb } = ${load(`${manifest.name}/allocators`)};
        const { FakeListChatModel } = ${load("@langchain/core/utils/testing")};
        const model = new FakeListChatModel({ responses: ["\\\\boxed{7}"] });
        const message = await new DynScaling({ model, allocator: ucb() }).invoke("Why?");
        const { answer, samples } = message.response_metadata.dynscaling;
        let refused = false;
        try { ucb({ explorationRatio: -1 }); } catch (error) { refused = error instanceof OptionError; }
        console.log(answer, samples, refused);
      }
      main();`;
      expect(await runNode(kind, code)).toBe("7 16 true");
    },
  );

  it.each([
    ["imported", "index.js"],
    ["required", "index.cjs"],
  ])("needs nothing but LangChain's core and pure-rand when it is %s", (_how, entry) => {
    const packages = specifiers(join(installed, "dist", entry));
    expect(packages.size).toBeGreaterThan(3);
    expect([...packages].filter((id) => !/^(?:@langchain\/core|pure-rand)\//.test(id))).toEqual([]);
  });

  it("declares its types without any optional package", () => {
    const packages = entries.flatMap(({ target }) =>
      [target.import, target.require].flatMap(({ types }) => [...specifiers(join(installed, types))]),
    );
    expect(packages.length).toBeGreaterThan(0);
    expect(packages.filter((id) => !id.startsWith("@langchain/core/"))).toEqual([]);
  });

  it("gives its types to TypeScript on every subpath, in modules and in CommonJS", async () => {
    const use = entries.map(({ id }, place) => `import * as part${place} from "${id}";`).join("\n");
    const check = `${use}
      import { DynScaling, type Allocator } from "${manifest.name}";
      const first: Allocator = { name: "first", allocate: (arms) => arms.map((_, place) => (place ? 0 : 1)) };
      export const answer: (scaled: DynScaling) => Promise<string | null> = async (scaled) =>
        (await scaled.invoke("Why?")).response_metadata.dynscaling.answer;
      // @ts-expect-error the types are known, so a mistake is found
      export const wrong = new DynScaling({ allocator: first, modle: null });
      export const parts = [${entries.map((_, place) => `part${place}`).join(", ")}];`;
    for (const file of ["consumer.mts", "consumer.cts"]) writeFileSync(join(home, file), check);
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"];
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const output = await run(process.execPath, compiler, ...options, "consumer.mts", "consumer.cts").catch(
      (error: { stdout: string }) => error.stdout,
    );
    expect(output).toBe("");
  });

  it("has a command that runs", async () => {
    const [command] = Object.values(manifest.bin);
    expect(readFileSync(join(installed, command ?? ""), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(await run(process.execPath, join(installed, command ?? ""), "--help")).toContain("dynscaling run");
  });
});

/** The packages that a built file needs at once, over all the files that it reaches. */
function specifiers(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const found = new Set<string>();
  const statements = /(?:^|[\s;}])(?:import|export)\b[^;"']*?["']([^"']+)["']|\brequire\(["']([^"']+)["']\)/g;
  for (const [, imported, required] of readFileSync(file, "utf8").matchAll(statements)) {
    const id = imported ?? required ?? "";
    if (!id.startsWith(".")) found.add(id);
    else for (const inner of specifiers(declaration(file, id), seen)) found.add(inner);
  }
  return found;
}

/** A declaration file names the code beside the declarations that it means. */
function declaration(from: string, id: string): string {
  const code = join(dirname(from), id);
  return /\.d\.c?ts$/.test(from) ? code.replace(/\.(c?)js$/, ".d.$1ts") : code;
}
