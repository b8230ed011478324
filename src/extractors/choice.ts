import { lastAnswerLine } from "./answer_line.js";
import { lastBoxed } from "./boxed.js";
import type { CallingMessage } from "./calls.js";
import { isCutOff, wholeLines } from "./cut_off.js";
import type { EndedMessage } from "./cut_off.js";
import { plainText } from "./plain_text.js";

/** `(B)`, `[B]`, `B)`, `B.`, `B:`, `option B`, `**B**`, or the bare letter; then the end or the option's text. */
const MARKED =
  /^(?:(?:definitely|clearly|probably|(?:most )?likely|therefore|thus|indeed|still) )?(?:(?:the )?(?:option|choice|letter) )?[([{<"“'‘`*$\\]*([A-J])(?:[)\]}>."”'’`*$:,;!。\\]+(?: |$)|$)/i;

/**
 * A bare capital with the reason or the option's text behind it. The rule is the
 * same for all letters, or the vote would favour some: "A dog" is no answer, so
 * "B dog" is none. Of a name (`D-glucose`) the letter is a part.
 */
const FOLLOWED =
  /^(?:[Oo]ption |[Cc]hoice )?(?!I (?:was|for|as)\b)([A-J])(?= (?:only\W*$|is|was|because|since|as|for|which|by|based|[-–—(=]|[A-Z0-9\\$])|[-–—] |—(?=\p{L}{2}|\d))/u;

/** What joins two letters that both count. */
const JOINT = String.raw`(?:[,;/&+]|->|→|\b(?:and|or|plus|then|as well as|along with|together with)\b)`;

/** Of an option, without a reason that may name others. */
const TEXT = String.raw`(?:(?!\b(?:because|since|as|for|not|neither|while|whereas|unlike|but|than|both|of|from|between|eliminat\w+|reject\w+|rul\w+)\b|[.!?] ).){1,200}?`;
const NO_VERB = String.raw`(?! ?(?:is|are|was|were|has|have|can|cannot|does|do|would|fails?|gives?)\b)`;

const SEVERAL = [
  // `A, C`, `B and C`, `(A) or (B)`, `A, C and D`. Which one counts is not for us to say.
  String.raw`^\W{0,4}(?:option |choice )?\W{0,4}[A-J]\W{0,4}${JOINT} ?(?:(?:and|or|maybe|perhaps|possibly|even|also) ){0,2}\W{0,4}(?:option |choice )?\W{0,4}[A-J](?![\w'’])(?! (?!(?:and|or|are|were|both|only|together|respectively)\b)\w)`,
  // `A) foo, B) bar`; but not `(B) because (A) and (C) are wrong`.
  String.raw`^\W{0,4}(?:option |choice )?\(?[A-J][).:]\W{0,4} ${TEXT}(?:[,;/&]|\b(?:and|or)\b) ?(?:and |or )?(?:option |choice )?(?:\([A-J]\)|[B-HJ]\)|[B-HJ][.:] )${NO_VERB}`,
  // `a) 5 b) 6`
  String.raw`^\W{0,4}A\)\W{0,4} ${TEXT} \(?B\) ${NO_VERB}`,
].map((form) => new RegExp(form, "i"));

/** `A. C.`, `A B C D`. */
const LETTERS = /^\W*[A-J](?:[^\w<>=]+[A-J])+\W*$/i;

const ADVERBS =
  "(?:also|actually|certainly|clearly|definitely|likely|obviously|probably|simply|still|thus|therefore)";

/** "A isn't right", "(A) is clearly wrong", "A, which is not correct". */
const DENIED = new RegExp(
  String.raw`^\W{0,4}(?:(?:the )?(?:option|choice|letter) )?\W{0,4}[A-J]\W{0,4} (?:(?:which|that|it|but it|but that) )?` +
    String.raw`(?:(?:is|was|does|did|ca|wo|would|could)n['’]t|cannot|(?:is|was|seems|looks|can|could|does|would be|must be|has been) (?:${ADVERBS} )*(?:not|never|wrong|incorrect|false|invalid|impossible|unlikely|excluded|eliminated|ruled out|out))\b`,
  "i",
);

/** "A is true, but B is better". */
const OUTDONE =
  /^\W{0,4}(?:option )?[A-J]\W{0,4} (?:is|was|seems|looks)\b[^.;]{0,60}?\bbut \W{0,3}(?:option )?[A-J]\W{0,3} (?:is|was|fits|seems|looks)\b/i;

/** Species and initials: `E. coli`, `J. K. Rowling`, `C. S. Lewis`. */
const NAMED = [
  /^[A-J]\. ?(?:coli|elegans|thaliana|subtilis|melanogaster|sapiens|pylori|faecalis|difficile|albicans|botulinum|anthracis|cereus|rerio|influenzae|niger|fumigatus|baumannii|jejuni|perfringens|tetani|burgdorferi|histolytica|lamblia|aegypti|gambiae|diphtheriae|discoideum|fragilis|trachomatis|neoformans)\b/,
  /^[A-J]\. ?[A-Z]\. ?[A-Z]\p{Ll}+/u,
];

/** "Therefore, option (B) is correct." as a whole line. */
const VERDICT =
  /^(?:(?:so|thus|hence|therefore),? )?(?:(?:the )?(?:option|choice|answer) )?[(*]{0,3}([A-J])[)*]{0,3} is (?:the )?(?:correct|right|best)(?: (?:answer|option|choice|one))?\W{0,3}$/i;

/**
 * The letter, A to J, of a multiple-choice answer, in upper case: in the last
 * box, else on the last "answer is …" line, else alone on the last line that has
 * text, or declared correct there. A letter that is merely discussed does not count;
 * `null` if none is stated, or several are.
 *
 * @param message the response with that text; if it was cut off, its last line is not read
 */
export function choice(text: string, message?: CallingMessage & EndedMessage): string | null {
  const plain = plainText(text);
  const isWhole = message === undefined || !isCutOff(message);
  const last = isWhole ? lastLine(plain) : "";
  const stated = [lastBoxed(plain), lastAnswerLine(isWhole ? plain : wholeLines(plain)), alone(last)].map(
    bare,
  );
  if (stated.some(areSeveral)) return null;
  const found = stated.map(letter).find((letters) => letters !== null);
  return found ?? VERDICT.exec(last)?.[1]?.toUpperCase() ?? null;
}

function bare(stated: string | null): string {
  return (stated ?? "")
    .replace(/\\(?:text|math)(?:rm|bf|it|sf|tt)?\{([^{}]*)\}/g, "$1")
    .replace(/\\(?:[,;:! ]|quad)|~|\s+/g, " ")
    .trim();
}

function areSeveral(words: string): boolean {
  if (SEVERAL.some((form) => form.test(words))) return true;
  const [first, ...others] = LETTERS.test(words) ? (words.toUpperCase().match(/[A-J]/g) ?? []) : [];
  // An option's text may be the numeral I.
  return others.some((other) => other !== first && other !== "I");
}

function letter(words: string): string | null {
  if (DENIED.test(words) || OUTDONE.test(words) || NAMED.some((form) => form.test(words))) return null;
  return (MARKED.exec(words) ?? FOLLOWED.exec(words))?.[1]?.toUpperCase() ?? null;
}

function lastLine(text: string): string {
  return (text.trimEnd().split("\n").at(-1) ?? "").replace(/\s+/g, " ").trim();
}

function alone(line: string): string {
  return /^\W*\w\W*$/.test(line) ? line.replaceAll(" ", "") : "";
}
