export { ChatLocal } from "./chat_local.js";
export type { ChatLocalCallOptions, ChatLocalFields } from "./options.js";
