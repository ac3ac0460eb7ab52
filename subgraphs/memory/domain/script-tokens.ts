/** A stretch of a text, and what it is found by. */
interface Piece {
  start: number;
  end: number;
  tokens: string[];
}

/** Scripts that put no spaces between words, or endings onto them: two neighbours at a time are what is looked for. */
const JOINED =
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}ーｰ々ﾞﾟ";
/** A number with its separators, a run of joined script, or a word. */
const PIECES = new RegExp(
  `(?<number>\\p{Nd}{1,3}(?:,\\p{Nd}{2})*(?:[.,'’٬_ \\u00a0\\u202f]\\p{Nd}{3})+(?!\\p{Nd})|\\p{Nd}+)|` +
    `(?<joined>[${JOINED}]+)|(?:(?![${JOINED}])[\\p{L}\\p{M}\\p{N}])+`,
  "gu",
);
const UNIT = /\P{M}[\p{M}ﾞﾟ]*/gu;
const UNMARKED = /^[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}]/u;
const ASCII = /^[\x20-\x7e]*$/;
const ARTICLE = /^[وف]?(?:[بك]?ال|لل)(?=...)/u;
/** Letters that fold to others by no rule of Unicode's, as people type them. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ı: "i", ς: "σ" },
  ...{ ى: "ي", ة: "ه", ـ: "" },
};
const FOLDED = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");

const MAX_TOKEN = 40;
const MAX_STEM = 5;
/** Of one memory: what an index may be given at once. */
const MAX_OF_MEMORY = 4_000;
/** Of one query. */
const MAX_OF_QUERY = 48;
/** Shorter English words say little, and the search by words has them. */
const MIN_ASCII = 4;
/** Characters of a memory in which it is looked for what matched, and matches that are told. */
const MAX_SHOWN_OF = 8_000;
const MAX_SHOWN = 12;

/**
 * What a memory is found by beside the English words that Postgres makes of it: numbers without their separators, and what is
 * not written in ASCII, folded. `0008-tokens.sql` keeps them; when this changes, they have to be made anew.
 */
export function tokensOfMemory(content: string): string[] {
  return distinct(piecesOf(content.normalize("NFC"), false), MAX_OF_MEMORY);
}

/** What a query looks for among them; its ASCII words too, which others may have written with accents. */
export function tokensOfQuery(query: string): string[] {
  return distinct(piecesOf(query.normalize("NFC"), true), MAX_OF_QUERY);
}

/** The query, and how its words are written without accents where that is ASCII. */
export function withPlainWords(query: string): string {
  const words = query.match(/[\p{L}\p{M}]+/gu) ?? [];
  const plain = words.filter((word) => !ASCII.test(word)).map(fold);
  return [query, ...new Set(plain.filter((word) => word !== "" && ASCII.test(word)))].join(" ");
}

/** The stretches of a content that have any of these tokens, as they are written there, in their order. */
export function sharedWords(content: string, tokens: readonly string[]): string[] {
  const asked = new Set(tokens);
  const text = content.slice(0, MAX_SHOWN_OF).normalize("NFC");
  const shown: { start: number; end: number }[] = [];
  for (const { start, end, tokens: own } of piecesOf(text, false)) {
    if (!own.some((token) => asked.has(token))) continue;
    const last = shown.at(-1);
    if (last !== undefined && start < last.end) last.end = end;
    else shown.push({ start, end });
  }
  return [...new Set(shown.map(({ start, end }) => text.slice(start, end)))].slice(0, MAX_SHOWN);
}

function* piecesOf(text: string, withAscii: boolean): Generator<Piece> {
  for (const match of text.matchAll(PIECES)) {
    const [written] = match;
    const { index: start } = match;
    if (match.groups?.joined !== undefined) yield* pairsOf(written, start);
    else if (match.groups?.number !== undefined)
      yield { start, end: start + written.length, tokens: [`#${digitsOf(written)}`.slice(0, MAX_TOKEN)] };
    else if (!ASCII.test(written) || (withAscii && written.length >= MIN_ASCII))
      yield { start, end: start + written.length, tokens: formsOf(fold(written)) };
  }
}

/** Each two neighbours; one that has none, alone. */
function* pairsOf(run: string, start: number): Generator<Piece> {
  const units = [...run.matchAll(UNIT)];
  for (const [i, unit] of units.entries()) {
    const next = units[i + 1];
    if (next === undefined && i > 0) return;
    const pair = unit[0] + (next?.[0] ?? "");
    yield {
      start: start + unit.index,
      end: start + unit.index + pair.length,
      tokens: [fold(pair).slice(0, MAX_TOKEN)],
    };
  }
}

/** A word, without an Arabic article, and its beginning, which most of its other forms share. */
function formsOf(word: string): string[] {
  return [word, word.replace(ARTICLE, "")].flatMap((form) => {
    const letters = [...form].slice(0, MAX_TOKEN);
    const stem = letters.length >= 4 ? [letters.slice(0, Math.min(MAX_STEM, letters.length - 1)).join("")] : [];
    return letters.length === 0 ? [] : [letters.join(""), ...stem];
  });
}

function fold(text: string): string {
  const lower = text.normalize("NFKC").toLowerCase();
  const bare = UNMARKED.test(lower) ? lower.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC") : lower;
  return bare.replace(FOLDED, (letter) => LETTERS[letter] as string);
}

/** Where the digits of a script begin; those of others stay as they are written. */
const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];

function digitsOf(number: string): string {
  const digits = [...number].filter((letter) => /\p{Nd}/u.test(letter));
  return digits
    .map(asciiDigit)
    .join("")
    .replace(/^0+(?=.)/, "");
}

function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) as number;
  const zero = ZEROS.find((first) => code >= first && code < first + 10);
  return zero === undefined ? digit : String(code - zero);
}

function distinct(pieces: Iterable<Piece>, limit: number): string[] {
  const tokens = new Set<string>();
  for (const piece of pieces)
    for (const token of piece.tokens) {
      if (tokens.size >= limit) return [...tokens];
      tokens.add(token);
    }
  return [...tokens];
}
