export { ChatLocal } from "./chat_local.js";
export { ledgerQuestions } from "./ledger.js";
export type { LedgerOptions, LedgerQuestion } from "./ledger.js";
export type { ChatLocalCallOptions, ChatLocalFields } from "./options.js";
