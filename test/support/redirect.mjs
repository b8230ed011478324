/**
 * A preload, `node --import ./test/support/redirect.mjs`: requests to the two
 * providers go to the local servers that the environment names, so that code
 * with `new ChatOpenAI({ model })` runs as written, with any key and no network.
 */
const LOCAL = {
  "api.openai.com": process.env.TEST_OPENAI_URL,
  "generativelanguage.googleapis.com": process.env.TEST_GEMINI_URL,
};

const realFetch = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.hostname === "127.0.0.1") return realFetch(input, init);
  const base = LOCAL[url.hostname];
  if (base === undefined) throw new Error(`No local server stands for ${url.hostname}.`);
  const local = new URL(url.pathname + url.search, base);
  return realFetch(input instanceof Request ? new Request(local, input) : local, init);
};
