import { createThinkingTags, type Said } from "./thinking-tags.ts";

/** The text of one answer, with what is thought in tags told apart. */
export interface SpokenText {
  add(text: string): Said[];
  end(): Said[];
  /** Whether nothing but blanks was said so far; what was thought does not count. */
  isBlank(): boolean;
}

export function createSpokenText(): SpokenText {
  const tags = createThinkingTags();
  let isBlank = true;
  const hear = (all: Said[]): Said[] => {
    for (const said of all) {
      if (said.type === "answerBegins") isBlank = true;
      else if (said.type === "text") isBlank &&= said.delta.trim() === "";
    }
    return all;
  };
  return { add: (text) => hear(tags.add(text)), end: () => hear(tags.end()), isBlank: () => isBlank };
}
