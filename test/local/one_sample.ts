// Started by a test as a program of its own: samples once and ends without dispose().
import { ChatLocal } from "../../src/local/chat_local.js";

const message = await new ChatLocal({ maxTokens: 3, seed: 1 }).invoke("Hello");
console.log(message.usage_metadata?.output_tokens);
