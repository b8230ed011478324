import { OptionError } from "../core/errors.js";
import { oneOf, someOf } from "../extractors/index.js";
import type { AnswerExtractor } from "../langchain/generate.js";
import { EXTRACTORS } from "./families.js";
import { named, names } from "./flags.js";
import { UsageError } from "./usage_error.js";

/** Extractors of which a user types the labels, too. */
const OF_LABELS: Record<string, (labels: readonly string[]) => AnswerExtractor> = { oneOf, someOf };

/** How labels are typed. */
const LABELS_FORM = "LABEL,LABEL,…";

const LABEL_FORMS = Object.keys(OF_LABELS)
  .map((name) => `${name}:${LABELS_FORM}`)
  .join(", ");

/** What `--extractor` takes, on two lines of the help. */
export const EXTRACTORS_HELP: string = `${names(EXTRACTORS)},\n${" ".repeat(29)}${LABEL_FORMS}`;

/**
 * An extractor by what the user typed, which is also its name.
 *
 * @throws {UsageError} if it is unknown, or its labels are missing or cannot be told apart
 */
export function parseExtractor(typed: string): AnswerExtractor {
  const [name, list] = [typed.split(":", 1)[0] as string, typed.split(":").slice(1).join(":")];
  const family = Object.hasOwn(OF_LABELS, name) ? OF_LABELS[name] : undefined;
  if (family === undefined)
    return named("extractor", typed, EXTRACTORS, `${names(EXTRACTORS)}, ${LABEL_FORMS}`);
  const labels = list.split(",").map((label) => label.trim());
  if (labels.includes("")) {
    const fix = `Give the labels with commas between them, ${name}:${LABELS_FORM}, and none empty.`;
    throw new UsageError(`--extractor: got "${typed}". ${fix}`);
  }
  try {
    const read = family(labels);
    // Under its name the file of runs knows how its answers were read.
    const renamed = {
      [`${name}:${labels.join(",")}`]: (...response: Parameters<AnswerExtractor>) => read(...response),
    };
    return Object.values(renamed)[0] as AnswerExtractor;
  } catch (error) {
    if (error instanceof OptionError) throw new UsageError(`--extractor: ${error.message}`);
    throw error;
  }
}
