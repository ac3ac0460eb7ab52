/**
 * Joiners within scripts and emoji that are written with them, the tags of a region's flag, and the selector of a variant of a
 * Han character: needed, and harmless there.
 */
const NEEDED =
  /(?<=[^\p{ASCII}\u200b-\u200f])[\u200c\u200d](?=[^\p{ASCII}\u200b-\u200f])|(?<=\u{1f3f4})[\u{e0020}-\u{e007e}]{1,6}\u{e007f}|(?<=\p{Script=Han})[\u{e0100}-\u{e01ef}]/u;

/**
 * Characters that are not seen and change what is: they turn the reading direction (U+202A-202E, U+2066-2069 and the three
 * marks), stand between letters without a width, or are letters that are blank. Tag characters can carry a whole hidden
 * message, and so can variation selectors, of which a character takes one. Control characters tell a terminal what to do. Line
 * breaks and tabs are layout and stay.
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\u00ad|\u034f|\u061c|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180f]|[\u200b-\u200f]|[\u202a-\u202e]|[\u2060-\u206f]|[\u3164\ufeff\uffa0]|[\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]/u;

const EITHER = new RegExp(`(${NEEDED.source})|${HIDDEN.source}`, "gu");

/** A text in which every character that could mislead a reader is shown by its number, such as `⟨U+202E⟩`. */
export function showHidden(text: string): string {
  return replaceHidden(
    text,
    (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

/** The same text with something else for each of these characters. */
export function replaceHidden(text: string, by: (character: string) => string): string {
  return text.replace(EITHER, (character, needed?: string) => needed ?? by(character));
}
