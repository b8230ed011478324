import { sortedJson } from "./sorted_json.js";

/** What a message tells of the tools it calls; every chat model of LangChain fills these in. */
export interface CallingMessage {
  tool_calls?: readonly { name: string; args: Record<string, unknown> }[];
  /** Calls whose arguments could not be read. */
  invalid_tool_calls?: readonly unknown[];
}

/** Begins the answer of a response that calls tools. */
const CALL = "call ";
const BETWEEN = { set: " and ", sequence: " then " } as const;

/** Whether parallel calls are a set, or a sequence that must be in the same order. */
export type Parallel = keyof typeof BETWEEN;

export const PARALLEL: readonly string[] = Object.keys(BETWEEN);

/** What is called; `null` if a call could not be read or has no name; `undefined` if nothing is called. */
export function called(
  { tool_calls: calls = [], invalid_tool_calls: invalid = [] }: CallingMessage,
  excluded: ReadonlySet<string>,
  parallel: Parallel,
): string | null | undefined {
  if (invalid.length > 0) return null;
  if (calls.length === 0) return undefined;
  try {
    const keys = calls.map(({ name, args }) => callKey(name, args, excluded));
    if (keys.includes(null)) return null;
    return CALL + (parallel === "set" ? keys.toSorted() : keys).join(BETWEEN[parallel]);
  } catch {
    // Arguments that are nested too deeply to be written.
    return null;
  }
}

/** Whether a text is written as `called()` writes it. */
export function isCall(text: string): boolean {
  return /^call [^\s(]+\(\{.*\}\)$/s.test(text);
}

/** Words that look like a call must not vote for the call. */
export function inWords(answer: string | null): string | null {
  return answer?.startsWith(CALL) ? JSON.stringify(answer) : answer;
}

function callKey(
  name: string,
  args: Record<string, unknown> = {},
  excluded: ReadonlySet<string>,
): string | null {
  if (typeof name !== "string" || name === "") return null;
  const counted = Object.entries(args).filter(
    ([argument]) => !excluded.has(argument) && !excluded.has(`${name}.${argument}`),
  );
  return `${name}(${sortedJson(Object.fromEntries(counted), oneSpelling)})`;
}

/** White space inside stays: it means something in code. */
function oneSpelling(text: string): string {
  return text.normalize("NFC").replaceAll("\r\n", "\n").trim();
}
