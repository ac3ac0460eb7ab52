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
