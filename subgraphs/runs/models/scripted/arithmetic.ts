/** What the tool `calculate` reads at most; a longer text is not taken for arithmetic. */
const MAX_EXPRESSION_LENGTH = 500;

const NUMBER_WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );

/** Words of arithmetic and their signs, in order: the longer ones stand first. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bsquare root of\s+(\d+(?:\.\d+)?)/g, "sqrt($1)"],
  [/(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\b/g, "$1 / 100 *"],
  [/\bto the power of\b/g, "^"],
  [/\bmultiplied by\b|\btimes\b|[×·⋅✕]/g, "*"],
  [/\bdivided by\b|\bover\b|÷/g, "/"],
  [/\bmodulo\b|\bmod\b/g, "%"],
  [/\bplus\b/g, "+"],
  [/\bminus\b|[−–]/g, "-"],
  [/\bsquared\b|²/g, "^2"],
  [/\bcubed\b|³/g, "^3"],
  [/\*\*/g, "^"],
];

const TOKEN = /\s*(?:(\d+(?:\.\d+)?|\.\d+|pi\b)|(sqrt|abs|round|floor|ceil|min|max)\s*\(|([-+*/%^(),]))/iy;

export interface Arithmetic {
  /** As the tool `calculate` reads it; spaces as they were written. */
  expression: string;
  /** False for a lone number, which is arithmetic only where someone asks to calculate it. */
  computes: boolean;
}

/** Reads a whole text as one arithmetic expression, in signs or in English words; undefined when it is none. */
export function parseArithmetic(text: string): Arithmetic | undefined {
  if (text.length > 2 * MAX_EXPRESSION_LENGTH) return undefined;
  const expression = toSigns(text);
  if (expression === "" || expression.length > MAX_EXPRESSION_LENGTH) return undefined;
  let depth = 0;
  let wantsValue = true;
  let computes = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const token = TOKEN.exec(expression);
    if (token === null) return undefined;
    const [, value, call, sign = ""] = token;
    const opens = call !== undefined || sign === "(";
    const isPrefix = wantsValue && (sign === "-" || sign === "+");
    if (wantsValue !== (value !== undefined || opens || isPrefix)) return undefined;
    if (opens) depth += 1;
    if (sign === ")") depth -= 1;
    if (depth < 0 || (sign === "," && depth === 0)) return undefined;
    computes ||= call !== undefined || (!wantsValue && sign !== ")");
    wantsValue = value === undefined && sign !== ")";
  }
  return depth === 0 && !wantsValue ? { expression, computes } : undefined;
}

function toSigns(text: string): string {
  // Superscripts first: NFKC would make the digit 2 of them.
  let signs = text.toLowerCase().replaceAll("²", "^2").replaceAll("³", "^3").normalize("NFKC").replaceAll(/\s+/g, " ");
  signs = signs.replaceAll(/\b[a-z]+\b/g, (word) =>
    NUMBER_WORDS.includes(word) ? String(NUMBER_WORDS.indexOf(word)) : word,
  );
  for (const [words, sign] of WORDS) signs = signs.replaceAll(words, sign);
  return signs
    .replaceAll(/(?<=[\d)] ?)x(?= ?[\d(])/g, "*")
    .replaceAll(/\b\d{1,3}(?:,\d{3})+\b(?![.,]\d)/g, (number) => number.replaceAll(",", ""))
    .replace(/(?:\s*=)?[\s?.!]*$/, "")
    .trim();
}
