/** Ways to show earlier attempts, beside the library's own, so that the model learns the idea and not one phrase. */

export const SYSTEM: readonly string[] = [
  "You are a helpful assistant.",
  "You keep accounts with care.",
  "Answer step by step.",
];

export const DELIMITERS: readonly ((text: string, number: number) => string)[] = [
  (text) => text,
  (text, number) => `Attempt ${number}:\n${text}`,
  (text, number) => `Solution ${number}:\n${text}`,
  (text, number) => `### ${number}\n${text}`,
  (text, number) => `[${number}]\n${text}\n[/${number}]`,
  (text, number) => `<attempt ${number}>\n${text}\n</attempt ${number}>`,
  (text, number) => `<try number="${number}">\n${text}\n</try>`,
  (text) => `---\n${text}\n---`,
  (text) => `"""\n${text}\n"""`,
];

export const REQUESTS: readonly string[] = [
  "Try once more.",
  "Check this and write the complete solution.",
  "These attempts may be wrong. Compare them line by line and solve the question.",
  "Solve it again from the start, using what is right above.",
  "Some of this may be mistaken. Give your own final solution.",
  "Continue and finish with your final answer.",
];
