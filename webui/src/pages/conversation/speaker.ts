/** Says sentences one announcement at a time. */
export interface Speaker {
  say(sentences: readonly string[]): void;
  close(): void;
}

/** The least time between two announcements: a screen reader that is fed faster drops or stutters. */
const PAUSE_MS = 2_000;
/** Longer ones would still be read when the text is long past them. */
const MAX_CHARACTERS = 600;

/** Announcements that may wait: more would be minutes behind. */
const MAX_WAITING = 20;

/**
 * Gathers what comes during the pause and says it together. What does not fit into one announcement any more has the next
 * one: an answer is never cut short by what follows it, only by its own length, and then its newest part is said.
 */
export function createSpeaker(announce: (text: string) => void): Speaker {
  const waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const speak = (): void => {
    timer = undefined;
    const text = waiting.shift();
    if (text === undefined) return;
    announce(text);
    timer = setTimeout(speak, PAUSE_MS);
  };
  return {
    say(sentences) {
      const text = clip(sentences.filter((sentence) => sentence !== "").join(" "));
      const last = waiting.at(-1);
      if (text === "") return;
      if (last !== undefined && last.length + text.length < MAX_CHARACTERS) waiting.splice(-1, 1, `${last} ${text}`);
      else waiting.push(text);
      if (waiting.length > MAX_WAITING) waiting.shift();
      if (timer === undefined) speak();
    },
    close: () => clearTimeout(timer),
  };
}

function clip(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `… ${text.slice(-MAX_CHARACTERS)}`;
}
