/** Other spellings of one symbol. */
const SAME = new Map<string, string>(
  [
    ["\\frac", "\\dfrac", "\\tfrac", "\\cfrac"],
    ["\\sqrt", "√"],
    ["\\le", "\\leq", "\\leqslant", "≤"],
    ["\\ge", "\\geq", "\\geqslant", "≥"],
    ["\\ne", "\\neq", "≠"],
    ["<", "\\lt"],
    [">", "\\gt"],
    ["\\{", "\\lbrace"],
    ["\\}", "\\rbrace"],
    ["[", "\\lbrack"],
    ["]", "\\rbrack"],
    ["\\to", "\\rightarrow", "→"],
    ["\\emptyset", "\\varnothing", "∅"],
    ["\\ldots", "\\dots", "\\cdots", "…", "⋯", "..."],
    ["\\times", "×"],
    ["\\cdot", "·", "⋅"],
    ["\\pm", "±"],
    ["\\cup", "∪"],
    ["\\cap", "∩"],
    ["\\in", "∈"],
    ["\\infty", "∞"],
    ["\\pi", "π"],
    ["\\theta", "θ"],
    ["-", "−"],
    ["%", "\\%"],
  ].flatMap(([name = "", ...others]) => others.map((other): [string, string] => [other, name])),
);

function commands(names: string): string[] {
  return names.split(" ").map((name) => `\\${name}`);
}

const SIZES = ["big", "Big", "bigg", "Bigg"].flatMap((size) => [size, `${size}l`, `${size}r`, `${size}m`]);

/** What a token does in a formula. */
export type Role =
  | "close"
  | "comma"
  | "degree"
  | "environment"
  | "foreign"
  | "fraction"
  | "groupEnd"
  | "groupStart"
  | "layout"
  | "letter"
  | "number"
  | "open"
  | "other"
  | "relation"
  | "root"
  | "script"
  | "sign"
  | "space"
  | "text"
  | "word";

const ROLES = new Map<string, Role>(
  (
    [
      // It places what is written and means nothing.
      [
        "layout",
        ["\\!", ...commands(`displaystyle textstyle limits nolimits left right middle ${SIZES.join(" ")}`)],
      ],
      ["space", ["\\,", "\\;", "\\:", "\\ ", ...commands("quad qquad enspace thinspace")]],
      ["text", commands("text textrm textnormal mathrm mbox")],
      ["fraction", ["\\frac"]],
      ["root", ["\\sqrt"]],
      ["script", ["^", "_"]],
      ["degree", ["°", "\\degree"]],
      ["environment", ["\\begin", "\\end"]],
      ["open", ["(", "[", "\\{", "\\langle"]],
      ["close", [")", "]", "\\}", "\\rangle"]],
      ["comma", [","]],
      ["sign", ["+", "-", "\\pm", "\\mp"]],
      [
        "relation",
        ["=", "<", ">", ":", ";", "&", "\\\\", ...commands("le ge ne approx equiv in to cup cap mid")],
      ],
      ["groupStart", ["{"]],
      ["groupEnd", ["}"]],
      // Quotes and dollars: prose or code around formulas.
      ["foreign", ['"', "`", "$", "\\$", "\\(", "\\)", "\\[", "\\]"]],
      [
        "letter",
        commands(
          "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi " +
            "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega infty ell",
        ),
      ],
    ] as const
  ).flatMap(([role, texts]) => texts.map((text): [string, Role] => [text, role])),
);

const TOKEN = /\\[a-zA-Z]+|\\[\s\S]|\d+(?:\.\d+)?|\.{3}|\.\d+|\p{L}+|[⁰¹²³⁴-⁹⁻]+|\s+|[\s\S]/gu;
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";

export interface Token {
  role: Role;
  /** In the common spelling. */
  text: string;
}

/** The tokens of a formula in common spelling; raised digits become a script of their own. */
export function tokensOf(formula: string): Token[] {
  return [...formula.matchAll(TOKEN)].flatMap(([found]) => {
    if (RAISED.includes(found[0] as string)) return raised(found);
    const text = SAME.get(found) ?? found;
    return [{ role: roleOf(text), text }];
  });
}

function raised(digits: string): Token[] {
  const plain = Array.from(digits, (digit) => "0123456789-"[RAISED.indexOf(digit)]).join("");
  return [
    { role: "script", text: "^" },
    { role: "groupStart", text: "{" },
    ...[...plain.matchAll(/\d+|-/g)].map(([text]): Token => ({ role: roleOf(text), text })),
    { role: "groupEnd", text: "}" },
  ];
}

function roleOf(text: string): Role {
  if (/^\.?\d/.test(text)) return "number";
  if (/^\p{L}/u.test(text)) return "word";
  if (/^\s/.test(text)) return "space";
  return ROLES.get(text) ?? "other";
}
