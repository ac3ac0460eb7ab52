/** How the scripted model names itself; everything behind it in a remembered answer is about the model, not about the user. */
export const SELF = "I am the scripted demonstration model";

/** Marks that end a sentence or part it. */
export const MARKS = ".!…。！,;";

/** Without the spaces and marks at its end; what stands inside stays. A loop, because a pattern would take the square of the length. */
export function withoutEnd(text: string, marks: string = MARKS): string {
  let end = text.length;
  while (end > 0 && (marks.includes(text.charAt(end - 1)) || text.charAt(end - 1).trim() === "")) end -= 1;
  return text.slice(0, end).trimStart();
}

/** Typographic quotes and spaces as plain ones, one for one, so that positions stay and payloads are cut from the original. */
export function toPlain(text: string): string {
  return text
    .replaceAll(/[’‘ʼ´]/g, "'")
    .replaceAll(/[“”„]/g, '"')
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u3000]/g, " ");
}

/** Characters of a message's own words that an answer repeats. */
const MAX_QUOTED = 300;

/** A message's own words on one line, clipped, without the characters that hide text or turn its direction. */
export function toQuote(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim();
  return line.length <= MAX_QUOTED ? line : `${line.slice(0, MAX_QUOTED).toWellFormed()}…`;
}
