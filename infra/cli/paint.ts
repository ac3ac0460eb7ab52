import { styleText } from "node:util";

/** A colour stands for what needs eyes, beside the word that says the same; what went well has none. */
const TONES = {
  FAILED: "red",
  TIMED_OUT: "red",
  TRUNCATED: "yellow",
  UNKNOWN: "yellow",
  DENIED: "magenta",
  WAITING_APPROVAL: "yellow",
  PAUSED: "yellow",
  RUNNING: "cyan",
  QUEUED: "cyan",
  CANCELED: "gray",
} as const satisfies Record<string, Parameters<typeof styleText>[0]>;

/**
 * A text in the colour of a status. Colours are for terminals alone: NO_COLOR leaves them out there too, and FORCE_COLOR
 * puts them into what is piped, as Node says.
 */
export function paintStatus(status: string, text: string): string {
  const tone = Object.hasOwn(TONES, status) ? TONES[status as keyof typeof TONES] : undefined;
  return tone === undefined || text === "" ? text : styleText(tone, text, { stream: process.stdout });
}

/** A text beside what matters. */
export function paintFaint(text: string): string {
  return styleText("gray", text, { stream: process.stdout });
}
