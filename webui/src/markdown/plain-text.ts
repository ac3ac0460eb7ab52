import { showHidden } from "@soma/schemas/hidden-characters";

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  hellip: "…",
  mdash: "—",
  ndash: "–",
};

/**
 * Character references as the characters they stand for: the lexer leaves them, and React would show them letter by
 * letter.
 */
export function decodeReferences(text: string): string {
  const decoded = text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
        ? String.fromCodePoint(code)
        : "\ufffd";
    },
  );
  return showHidden(decoded);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences are made of control characters
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * Output of a program as text to read: colours and cursor moves removed, a line that was overwritten in place kept as
 * its own line, and characters that are not seen shown by their number, so that what is read is what is there.
 */
export function toPlainOutput(output: string): string {
  return showHidden(output.replace(TERMINAL, "").replace(/\r\n?/g, "\n").replace(CONTROL, "\ufffd"));
}
