import { displayWidth, startOfWidth } from "./display-width.ts";

/** The lines of a text of one line, none wider than so many cells; a word that is wider is broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let open = "";
  for (const word of text.split(" ").flatMap((whole) => pieces(whole, width))) {
    const longer = open === "" ? word : `${open} ${word}`;
    if (displayWidth(longer) <= width) open = longer;
    else {
      lines.push(open);
      open = word;
    }
  }
  return [...lines, open];
}

function pieces(word: string, width: number): string[] {
  const start = startOfWidth(word, width);
  return start === "" || start === word ? [word] : [start, ...pieces(word.slice(start.length), width)];
}
