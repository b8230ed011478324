/** Longest number that is calculated with, in characters. A longer one is compared as it is written. */
const LONGEST = 100;
const LARGEST_EXPONENT = 100;

/** No grouped number begins with 0: `0,125` is a decimal with a comma, or a pair. */
const DECIMAL = String.raw`(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+`;
const PLAIN = /^([+\-−–]?)([1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.(\d*))?$/;
const FRACTIONS = [
  new RegExp(String.raw`^(${DECIMAL}) ?/ ?(${DECIMAL})$`),
  new RegExp(String.raw`^\\frac\{([-−]?(?:${DECIMAL}))\}\{([-−]?(?:${DECIMAL}))\}$`),
];
/** `1 3/4`, `1\frac{3}{4}`: a mixed number only if its fraction is proper. */
const MIXED = [/^(\d+) (\d+)\/(\d+)$/, /^(\d+) ?\\frac\{(\d+)\}\{(\d+)\}$/];
const TIMES = String.raw`(?: ?(?:\\times|\\cdot|×|·|\*) ?| x )`;
const SCIENTIFIC = [
  new RegExp(String.raw`^(${DECIMAL})${TIMES}10\^(?:\{([+\-−]?\d{1,3})\}|(\d))$`),
  // `1e3` may be a name or a hexadecimal number; with a point or a sign it is neither.
  /^((?:\d+\.\d*|\.\d+))[eE]([+-]?\d{1,3})$/,
  /^(\d+)[eE]([+-]\d{1,3})$/,
];
/** `½` and `3½`. */
const VULGAR = /^(?:(\d+) ?)?([¼½¾⅐-⅞])$/;
const REPEATING = /^(\d+)\.(\d*)\\overline\{(\d+)\}$/;

interface Rational {
  numerator: bigint;
  denominator: bigint;
}

/**
 * The one form of a plain number, fraction (`½` too), mixed number, repeating decimal or
 * number in scientific notation: a decimal if it can be written as one (`\frac{1}{2}`
 * is `0.5`), else a fraction in lowest terms (`2/6` is `1/3`). Exact at any size;
 * `null` if the text is anything else.
 */
export function canonicalNumber(text: string): string | null {
  const plain = plainDecimal(text);
  if (plain !== null || text.length > LONGEST) return plain;
  const sign = /^[+\-−–]/.exec(text)?.[0] ?? "";
  const value = unsigned(text.slice(sign.length));
  if (value === null || value.denominator === 0n) return null;
  return write(/[-−–]/.test(sign) ? { ...value, numerator: -value.numerator } : value);
}

/** Worked on as text, so that the length does not matter. */
function plainDecimal(text: string): string | null {
  const parts = PLAIN.exec(text);
  if (parts === null || !/\d/.test(text)) return null;
  const whole = (parts[2] ?? "").replaceAll(",", "").replace(/^0+(?=\d)/, "") || "0";
  const fraction = withoutTrailingZeros(parts[3] ?? "");
  const size = fraction === "" ? whole : `${whole}.${fraction}`;
  return /[-−–]/.test(parts[1] ?? "") && size !== "0" ? `-${size}` : size;
}

/** A loop, since `/0+$/` takes quadratic time on zeros that do not end the text. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

function unsigned(text: string): Rational | null {
  for (const form of FRACTIONS) {
    const [, over, under] = form.exec(text) ?? [];
    if (over !== undefined && under !== undefined) return divide(decimal(over), decimal(under));
  }
  for (const form of MIXED) {
    const [, whole, over, under] = (form.exec(text) ?? []).map((digits) =>
      BigInt(/^\d+$/.test(digits) ? digits : 0),
    );
    if (whole !== undefined && over !== undefined && under !== undefined && over < under) {
      return { numerator: whole * under + over, denominator: under };
    }
  }
  const [, ones = "", sign] = VULGAR.exec(text) ?? [];
  // Unicode spells `½` out as `1⁄2`.
  if (sign !== undefined) return unsigned(`${ones} ${sign.normalize("NFKC").replace("⁄", "/")}`.trim());
  for (const form of SCIENTIFIC) {
    const [, digits, ...exponents] = form.exec(text) ?? [];
    const exponent = Number((exponents.find((found) => found !== undefined) ?? "0").replace("−", "-"));
    if (digits !== undefined && Math.abs(exponent) <= LARGEST_EXPONENT)
      return shift(decimal(digits), exponent);
  }
  const [, whole, start = "", period] = REPEATING.exec(text) ?? [];
  if (whole === undefined || period === undefined) return null;
  const nines = 10n ** BigInt(period.length) - 1n;
  const digits = BigInt(whole + start) * nines + BigInt(period);
  return { numerator: digits, denominator: nines * 10n ** BigInt(start.length) };
}

function decimal(text: string): Rational {
  const [whole = "", fraction = ""] = text.replace(/[-−,]/g, "").split(".");
  const size = BigInt(whole + fraction);
  return {
    numerator: /^[-−]/.test(text) ? -size : size,
    denominator: 10n ** BigInt(fraction.length),
  };
}

function divide(a: Rational, b: Rational): Rational {
  const flip = b.numerator < 0n ? -1n : 1n;
  return {
    numerator: flip * a.numerator * b.denominator,
    denominator: flip * a.denominator * b.numerator,
  };
}

function shift({ numerator, denominator }: Rational, exponent: number): Rational {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator, denominator: denominator * power }
    : { numerator: numerator * power, denominator };
}

function write({ numerator, denominator }: Rational): string {
  const sign = numerator < 0n ? "-" : "";
  const size = numerator < 0n ? -numerator : numerator;
  const common = greatestDivisor(size, denominator);
  const [over, under] = [size / common, denominator / common];
  let [rest, twos, fives] = [under, 0, 0];
  for (; rest % 2n === 0n; rest /= 2n) twos += 1;
  for (; rest % 5n === 0n; rest /= 5n) fives += 1;
  if (rest !== 1n) return `${sign}${over}/${under}`;
  const places = Math.max(twos, fives);
  const digits = String((over * 10n ** BigInt(places)) / under).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return places === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-places)}`;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
