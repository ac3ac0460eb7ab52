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
/** Stands for what is not said. */
const LEFT_OUT = "… ";

/**
 * Gathers what comes during the pause and says it together. What does not fit into one announcement any more has the next
 * one, so that an answer is said although another follows. Two things are left out: all but the newest part of a text that is
 * longer than an announcement, and the oldest that waits when as much waits as may. What comes after it then begins with "…".
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
      if (waiting.length > MAX_WAITING) leaveOutOldest(waiting);
      if (timer === undefined) speak();
    },
    close: () => clearTimeout(timer),
  };
}

function leaveOutOldest(waiting: string[]): void {
  waiting.shift();
  const [next = ""] = waiting;
  if (!next.startsWith(LEFT_OUT)) waiting[0] = `${LEFT_OUT}${next}`;
}

function clip(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${LEFT_OUT}${text.slice(-MAX_CHARACTERS)}`;
}
