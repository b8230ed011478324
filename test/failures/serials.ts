import type { InMemoryStore } from "@langchain/core/stores";

/** Serial number that an answer of the faulty server carries; `null` for one without a text. */
export function serialOf(text: string): number | null {
  const serial = /^#(\d+) /.exec(text)?.[1];
  return serial === undefined ? null : Number(serial);
}

/** Ids of all answers that a journal holds, those without a text included. */
export async function idsIn(journal: InMemoryStore<Uint8Array>): Promise<string[]> {
  let all = "";
  for await (const key of journal.yieldKeys()) {
    const [value] = await journal.mget([key]);
    all += new TextDecoder().decode(value);
  }
  return [...all.matchAll(/"id":"(chatcmpl-\d+)"/g)].map(([, id]) => id as string);
}
