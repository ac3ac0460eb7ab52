/** Says sentences one announcement at a time. */
export interface Speaker {
  say(sentences: readonly string[]): void;
  close(): void;
}

/** The least time between two announcements: a screen reader that is fed faster drops or stutters. */
const PAUSE_MS = 2_000;
/** Longer ones would still be read when the text is long past them. */
const MAX_CHARACTERS = 600;

/** Gathers what comes during the pause and says it together, the newest part when it is too long. */
export function createSpeaker(announce: (text: string) => void): Speaker {
  let waiting = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  const speak = (): void => {
    timer = undefined;
    if (waiting === "") return;
    announce(waiting.length <= MAX_CHARACTERS ? waiting : `… ${waiting.slice(-MAX_CHARACTERS)}`);
    waiting = "";
    timer = setTimeout(speak, PAUSE_MS);
  };
  return {
    say(sentences) {
      waiting = [waiting, ...sentences].filter((part) => part !== "").join(" ");
      if (timer === undefined) speak();
    },
    close: () => clearTimeout(timer),
  };
}
