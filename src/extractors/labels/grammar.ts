/** What a label is called: "Label: x" without a known x is an unknown label. */
const NAMES =
  "label|category|class|classification|answer|verdict|prediction|decision|conclusion|result|output|choice|tag";

/** What may be something else: "Tone: calm" says nothing of the labels. */
const ATTRIBUTES =
  "sentiment|topic|intent|tone|priority|severity|urgency|emotion|stance|type|polarity|rating|score|department|queue|team|language|status|overall|subject";

/** What a sentence may say to be a label. */
const JUDGEMENTS =
  "label|category|class|classification|answer|verdict|prediction|decision|conclusion|sentiment|tone|stance|polarity|intent|rating|priority|severity|emotion";

/** What is labelled. */
const TEXTS =
  "review message email mail text comment post tweet ticket request question inquiry query issue problem case matter article sentence document statement feedback complaint";

const words = (text: string): ReadonlySet<string> => new Set(text.split(/[ |]/));

export const LABEL_NAMES: ReadonlySet<string> = words(NAMES);
export const ATTRIBUTE_NAMES: ReadonlySet<string> = words(ATTRIBUTES);

/** "Label: ", "**Category** = ", "| class | ", "sentiment -> ". */
export const STATED: RegExp = new RegExp(
  String.raw`(?<![\p{L}/])(${NAMES}|${ATTRIBUTES})(?: \d{1,2})?["'*_\x60\])]*\s{0,2}(?:[:=|]+|→|[-=]?>|[-–—](?=\s))`,
  "gu",
);

/** A heading of the kind, with the label on the next line. */
export const HEADING: RegExp = new RegExp(
  String.raw`^[^\p{L}\p{N}]*(?:the |my |final |predicted )*(${NAMES}|${ATTRIBUTES})[^\p{L}\p{N}\p{Extended_Pictographic}]*$`,
  "u",
);

/** "the label is ", "I would classify this message as ". */
export const SAID: RegExp = new RegExp(
  String.raw`(?<!\p{L})(?:${[
    String.raw`(?:${JUDGEMENTS})["'*_]* (?:is|should be|would be|must be|will be)`,
    String.raw`(?:classif|categori[sz]|label|tag|mark|flag|rat|consider|regard|treat|identif|predict)\p{L}*(?: [^.;:!?\n]{0,80}?)? as`,
    String.raw`assign\p{L}*(?: [^.;:!?\n]{0,80}?)? to`,
    "belongs? (?:to|in|under)",
    "falls? (?:under|into|in)",
    "(?:i|i'd|i'll|i would|i will) (?:say|choose|pick|select|go with)",
  ].join("|")})(?= |:|")`,
  "gu",
);

/** Words that make what follows in their clause no statement of it. */
export const NEGATORS: ReadonlySet<string> = words(
  "not no never neither nor without hardly barely cannot isn't aren't wasn't doesn't don't didn't won't wouldn't can't couldn't shouldn't ain't rather instead unlikely excluding except lacks lacking rules than against non anything nothing nobody none doubt deny refuse avoid mistake mistaken error hard difficult tough far false incorrect wrong disagree disagrees unable",
);

/** Words that make it doubtful, or somebody else's opinion. */
export const HEDGES: ReadonlySet<string> = words(
  "if could might may maybe perhaps possibly either whether unless between were initially originally almost nearly chance probability likelihood some many user users customer author writer reviewer sender people someone others they he she says said claims thinks filter filters often usually sometimes suppose supposing assume assuming when depending tempted tempting used previous previously earlier system agent",
);

/** "Second label: x", "possible class: x". */
export const OTHERS: ReadonlySet<string> = words(
  "possible potential alternative second secondary third previous earlier initial original wrong incorrect rejected other another old not former candidate opposite no example sample true gold user customer tentative preliminary proposed prior available allowed missing",
);

/** "Not this category: x", "runner-up label: x": near the name, whatever is between. */
export const REJECTED: ReadonlySet<string> = words(
  "not never worst excluded excludes exclude unlikely unlikeliest rejected reject discarded dismissed eliminated runner least unsuitable impossible improbable invalid wrong incorrect false ruled avoid weakest lowest poorest misleading bad denied removed forbidden inapplicable omitted dropped isn't non",
);

/** Fields of an object that tell something else than the label. */
export const ASIDE_FIELDS: ReadonlySet<string> = words(
  "input text message reason reasoning why explanation rationale thought thoughts comment note notes example prompt question quote evidence confidence certainty probability likelihood",
);

/** A field that is `false` says that the label beside it does not hold. */
export const HOLDS: ReadonlySet<string> = words(
  "present correct applies applicable match matches valid selected accepted chosen holds true",
);

/** A last word among several. */
export const FINAL: RegExp =
  /(?<!\p{L})(?:final|finally|overall|therefore|thus|hence|so|conclusion|conclude|summary|ultimately|revised|corrected|updated)(?!\p{L})/u;

/** May stand before a label. */
export const FILLERS: ReadonlySet<string> = words(
  "the a an clearly definitely most likely probably certainly simply just obviously best overall therefore thus as is about like it's ✅ ✔ ☑ 👉 🏷",
);

/** May stand behind a label. */
export const NOUNS: ReadonlySet<string> = words(`${NAMES}|${ATTRIBUTES} one star stars points ${TEXTS}`);

/** May follow a label without being a part of its name. */
export const ENDS: ReadonlySet<string> = words(
  "because since as due not rather instead given although but though despite while whereas however even for which that with based",
);

/** Labels behind these are reasons, up to a contrast. */
export const REASONS: ReadonlySet<string> = words("because since as due given based");
export const CONTRASTS: ReadonlySet<string> = words("but however yet though");

/** Labels behind these were weighed and found too light, unless they are compared. */
export const CONCESSIONS: ReadonlySet<string> = words("although despite");
export const COMPARED: RegExp =
  /(?<!\p{L})(?:better|best|more|most|right|correct|actually|really|likely|likelier|closer|closest|stronger|truer)(?!\p{L})/u;

/** "one positive remark" in a negative review. */
export const ASIDES: ReadonlySet<string> = words("some one few minor several occasional slight slightly");

/** Between a subject and its frame. */
export const AUXILIARIES: ReadonlySet<string> = words("to would should must will can");

/** May follow a label in a sentence about it. */
export const AFTER: ReadonlySet<string> = words(
  "and about in on of toward towards regarding here from to at by",
);

/** What a sentence must be about. */
export const SUBJECTS: ReadonlySet<string> = words(`it this that it's that's this's ${JUDGEMENTS} ${TEXTS}`);

/** Just before the label, fillers aside. */
export const FRAMES: ReadonlySet<string> = words(
  "is it's that's this's be seems appears sounds looks feels concerns",
);

/** Words that a sentence uses without meaning the label. */
export const COMMON: ReadonlySet<string> = words(
  "yes no none not other all any both neither unknown a an i it is true false",
);

/** Words that a sentence may say of anything, unless "priority" or the like is behind them. */
export const VAGUE: ReadonlySet<string> = words(
  "low medium high good bad new old open closed big small strong weak normal general urgent important",
);

/** Somebody changes their mind. */
export const CORRECTION: RegExp =
  /(?<!\p{L})(?:(?<!(?:the|a|long|to|of|and) )wait(?=[^\p{L}\p{N}\s]|$| no| i)|actually|scratch that|correction|on second thought)(?!\p{L})/u;

/** Likewise, or no more than a manner of speaking: what follows decides. */
export const RETRACTION: RegExp =
  /(?<!\p{L})(?:(?<!(?:the|a|long|to|of|and) )wait(?!\p{L})|actually|scratch that|strike that|correct(?:ion|ed)|on (?:\p{L}+ )?(?:thought|look|reading|reflection)|think(?:ing)? again|kidding|joking|sorry|apologies|i mean|i meant|edit|update|updated|revised|reconsider\p{L}*|revis\p{L}*|my (?:mistake|bad|error)|oops|take (?:that|it) back|let me (?:correct|fix)|chang\p{L}+ (?:my|it|that|this)|(?:was|is|were|am) (?:wrong|incorrect|mistaken|a mistake|an error)|never ?mind|make (?:that|it)|hold on|hmm+|more (?:precisely|accurately|exactly)|or rather|better|instead|(?<=(?:[.!?…\n–—-]|^)["'*\s]{0,3})(?:no|nope)(?=\s*[,:.!–—-]))(?!\p{L})/gu;

/** "If it had a link, the label would be spam"; but not "if I had to choose". */
export const CONDITION: RegExp =
  /(?<!\p{L})(?:(?<!even )if(?! (?:i (?:had|have|must)|forced|anything|pressed))|unless|had (?:it|there|this))(?!\p{L})/u;

const PLURALS =
  "labels|categories|classes|answers|tags|results|topics|intents|emotions|types|departments|queues|teams|languages|subjects|sentiments";

/** What several labels are called, in JSON; in a text a single one may be called so too. */
export const PLURAL_NAMES: ReadonlySet<string> = words(PLURALS);

/** "Labels: ", up to the list. */
export const PLURAL_STATED: RegExp = new RegExp(
  String.raw`^.*?(?<![\p{L}/])(?:${PLURALS}|${NAMES}|${ATTRIBUTES})["'*_\x60\])]*\s{0,2}(?:[:=|]+|→|[-=]?>|[-–—](?=\s)| are(?= )| is(?= ))`,
  "u",
);
export const PLURAL_HEADING: RegExp = new RegExp(
  String.raw`^[^\p{L}\p{N}]*(?:the |my |final |predicted )*(?:${PLURALS}|${NAMES}|${ATTRIBUTES})[^\p{L}\p{N}\p{Extended_Pictographic}[]*$`,
  "u",
);
