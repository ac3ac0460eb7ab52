/** Words between two requests; they carry nothing themselves. Bounded, so that a text made of them costs no more than others. */
export const JOINERS = String.raw`(?:(?:and|then|also|after that|afterwards|next|finally|first|please|kindly|now|(?:can|could|would|will) you)\b[\s,:]*){0,5}`;

const NOTE = String.raw`(?:(?:add|make|take|write|save|append)\s+(?:a|the|this|another)?\s*note|note)(?:\s*:|\s+that\b)`;
const CODE = String.raw`(?:run|execute)\s+(?:(?:this|the|some|following|my)\s+){0,2}(?:code|js|javascript|script|program|snippet)\s*:`;

/** The two requests whose text goes on over sentences, at the place where they may begin. */
export const NOTE_START = new RegExp(`${JOINERS}${NOTE}\\s*`, "iy");
export const CODE_START = new RegExp(`${JOINERS}${CODE}\\s*`, "iy");

/**
 * A request that is recognised in the middle of a sentence ("... and what is 2+2"). Stricter than at the start of one,
 * because it cuts what stands before it off.
 */
const REQUEST_START = new RegExp(
  `${JOINERS}(?:${[
    NOTE,
    CODE,
    String.raw`(?:run|execute)\b[^.!?\n]{0,30}\`\`\``,
    String.raw`(?:remember|keep in mind|do not forget|don't forget)(?:\s*:|\s+(?:that|my|i|i'm)\b)`,
    String.raw`(?:fetch|get|open|download|read|load|visit)\s[^.!?\n]{0,30}https?:`,
    String.raw`(?:calculate|compute|evaluate|what is|what's|how much is)\s+[-(]*\d`,
    String.raw`(?:what time is it|what day is it|what(?:'s| is) the (?:current )?(?:time|date))\b`,
    String.raw`(?:what|who|where|when)(?:'s| is| are) my\b`,
    String.raw`(?:what do you (?:know|remember)|what can you do|who are you|who am i)\b`,
  ].join("|")})`,
  "iy",
);

/** What may end a sentence, and addresses, whose full stops and question marks do not. */
const MARK = /https?:\/\/\S*[^\s.,;:!?…]|[.!?。！？…]+|\n|[;,]|\s(?=(?:and|then|also)\b)/gi;
const ABBREVIATION = /(?:^|[\s(])(?:dr|mr|mrs|ms|prof|st|no|vs|etc|e\.g|i\.e|approx|\p{L})$/iu;

/**
 * Where the sentence that starts at `from` ends: after its last mark. `plain` is the text with plain quotes and spaces.
 * A comma, a semicolon, "and" or a full stop before a small letter ends it only when a request begins behind it.
 */
export function sentenceEnd(plain: string, from: number): number {
  MARK.lastIndex = from;
  for (let mark = MARK.exec(plain); mark !== null; mark = MARK.exec(plain)) {
    const end = MARK.lastIndex;
    if (!mark[0].startsWith("http") && ends(plain, from, mark.index, mark[0])) return end;
  }
  return plain.length;
}

function ends(plain: string, from: number, at: number, mark: string): boolean {
  if (mark === "\n" || /[!?。！？]/.test(mark)) return true;
  const end = at + mark.length;
  const next = /\S/.exec(plain.slice(end, end + 50))?.[0];
  if (next === undefined) return true;
  if (mark.startsWith(".") || mark.startsWith("…")) {
    if (!/\s/.test(plain[end] ?? "")) return false;
    if (!/\p{Ll}/u.test(next) && !ABBREVIATION.test(plain.slice(Math.max(from, at - 8), at))) return true;
  }
  return requestStartsAt(plain, end);
}

function requestStartsAt(plain: string, at: number): boolean {
  REQUEST_START.lastIndex = at + (/^\s*/.exec(plain.slice(at, at + 50))?.[0].length ?? 0);
  return REQUEST_START.test(plain);
}

/** Where a note that starts at `from` ends: at the line's end, or at a sentence's end behind which a request begins. */
export function noteEnd(plain: string, from: number): number {
  let end = from;
  do end = sentenceEnd(plain, end);
  while (end < plain.length && plain[end - 1] !== "\n" && !requestStartsAt(plain, end));
  return end;
}
