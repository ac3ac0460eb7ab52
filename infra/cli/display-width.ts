/**
 * How wide a text is on a terminal, in cells. What a person sees as one character, a grapheme, may be many units and two
 * cells, such as a family of emoji, or no cell at all, such as an accent without a letter. It is never cut.
 */
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

const ASCII = /^[ -~]*$/;

/** Marks, the later parts of a Hangul syllable, and what is never seen. */
const NO_CELL = /[\p{Mark}\p{Control}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7fb]/u;

/** Code points that are one picture together: joined people, a flag, a key, or what a selector makes an emoji. */
const PICTURE = /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}.*[\u200d\ufe0f\u{1f3fb}-\u{1f3ff}].*)$/v;

/** What UAX #11 of Unicode 16 calls wide or full width, without emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

/** Pictures without a selector; the letters that flags are made of are one cell each when they stand alone. */
const EMOJI = /[\p{Emoji_Presentation}--[\u{1f1e6}-\u{1f1ff}]]/v;

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (PICTURE.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (NO_CELL.test(character)) return 0;
  return WIDE.test(character) || EMOJI.test(character) ? 2 : 1;
}

/** A text of at most so many cells; one that is longer ends in an ellipsis, which counts too. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return width < 1 ? "" : `${startOfWidth(text, width - 1)}…`;
}

/** As much of the beginning of a text as fits into so many cells. */
export function startOfWidth(text: string, width: number): string {
  let end = 0;
  let used = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    end += segment.length;
  }
  return text.slice(0, end);
}

/** A text with blanks after it, up to so many cells. */
export function padToWidth(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** The same with the blanks before it. */
export function padStartToWidth(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}
