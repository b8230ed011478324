import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { serveGemini } from "../support/gemini_server.js";
import { serveOpenAI } from "../support/openai_server.js";

const preload = fileURLToPath(new URL("../support/redirect.mjs", import.meta.url));

/** Runs a snippet as a reader of the README would, but for the preload and a dummy key. */
async function run(snippet: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", preload, "--input-type=module", "--eval", snippet],
    { env: { OPENAI_API_KEY: "no-key", GOOGLE_API_KEY: "no-key", ...environment } },
  );
  return stdout.trim();
}

describe("the redirect preload", () => {
  it("sends an unchanged ChatOpenAI to the local server", async () => {
    const server = await serveOpenAI(({ turns }) => `heard: ${turns.at(-1)?.text}`);
    const snippet = `
      import { ChatOpenAI } from "@langchain/openai";
      const model = new ChatOpenAI({ model: "gpt-5-mini" });
      console.log((await model.invoke("Why?")).text);`;
    expect(await run(snippet, { TEST_OPENAI_URL: server.url })).toBe("heard: Why?");
    expect(server.requests[0]?.body["model"]).toBe("gpt-5-mini");
    await server.close();
  });

  it("sends an unchanged ChatGoogleGenerativeAI to the local server", async () => {
    const server = await serveGemini(({ turns }) => `heard: ${turns.at(-1)?.text}`);
    const snippet = `
      import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
      const model = new ChatGoogleGenerativeAI({ model: "gemini-2.5-flash" });
      console.log((await model.invoke("Why?")).text);`;
    expect(await run(snippet, { TEST_GEMINI_URL: server.url })).toBe("heard: Why?");
    expect(server.requests[0]?.path).toContain("gemini-2.5-flash");
    await server.close();
  });

  it("refuses every other host, and a provider without a local server", async () => {
    for (const host of ["example.com", "api.openai.com"]) {
      const snippet = `
        try { await fetch("https://${host}/v1"); console.log("sent"); }
        catch (error) { console.log(error.message); }`;
      expect(await run(snippet, {})).toBe(`No local server stands for ${host}.`);
    }
  });
});
