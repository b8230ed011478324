import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";

/** Answers at once; some questions are harder than others, so that the budget has somewhere to go. */
export class InstantModel extends BaseChatModel {
  /** Every prompt, while it is kept. */
  prompts: BaseMessage[][] | undefined;
  #calls = 0;
  readonly #text: string;

  /** @param characters length of a response */
  constructor(characters: number) {
    super({});
    this.#text = "We go step by step. ".repeat(Math.ceil(characters / 20)).slice(0, characters);
  }

  override _llmType(): string {
    return "instant";
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    this.prompts?.push(messages);
    const variety = 1 + (Number(/\d+/.exec(messages[0]?.text ?? "")?.[0]) % 4);
    const answer = (this.#calls++ * 7919) % variety;
    const message = new AIMessage({
      content: `${this.#text} \\boxed{${answer}}`,
      usage_metadata: { input_tokens: 40, output_tokens: 150, total_tokens: 190 },
    });
    return { generations: [{ text: message.text, message }] };
  }
}
