/**
 * JSON as a caller wrote it: a whole number in digits that would be another one here is refused by its name instead of
 * rounded, and so is one that is too large or too small for a double, such as 1e400. Fractions are doubles, as
 * everywhere.
 */
export class InexactNumber extends Error {
  constructor(number: string, name: string) {
    const at = name === "" ? "" : ` at "${name.slice(0, 80)}"`;
    super(`the number ${number.slice(0, 40)}${at} cannot be kept exactly; send it as a text`);
    this.name = "InexactNumber";
  }
}

/** Texts without this have no number that could change; in the others each is looked at. */
const SUSPICIOUS = /\d{16}|\d[eE]/;
/** A string, with the colon behind it where it is a name, or a number. */
const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Throws InexactNumber, or the SyntaxError of JSON.parse. A reviver would do, too, and take several times as long. */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!SUSPICIOUS.test(text)) return value;
  let name = "";
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (colon !== undefined) name = string ?? "";
    if (string === undefined && SUSPICIOUS.test(token) && !isExact(token)) throw new InexactNumber(token, name);
  }
  return value;
}

/** JSON of a value; throws InexactNumber for a number that JSON has no digits for, which would be told as null. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(value, (name, item: unknown) => {
    const isNone = typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item));
    if (isNone) throw new InexactNumber(String(item), name);
    return item;
  });
}

/**
 * Whether a number that is written like this is kept: not rounded where it is whole, and neither too large nor too
 * small.
 */
export function isExact(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  if (value === 0) return !/[1-9]/.test(source.replace(/[eE].*/, ""));
  if (!/^-?\d+$/.test(source) || Number.isSafeInteger(value)) return true;
  return String(value) === source || BigInt(source) === BigInt(value);
}
