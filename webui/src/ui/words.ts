const COUNT = new Intl.NumberFormat("en-US");

/** 1284 as "1,284". */
export function toCount(value: number): string {
  return COUNT.format(value);
}

/** Milliseconds as people say them: "0.2 s" below ten seconds, then "14 s", "4 m", "2 h". */
export function toDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m`;
  return `${Math.floor(seconds / 3_600)} h`;
}

/** How long something took: "34 ms" below a second, then as toDuration() says. */
export function toLatency(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : toDuration(ms);
}

/** How long something goes on by now, as a clock: "0:07", "12:30", "1:02:03". */
export function toElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [minutes, hours] = [Math.floor(seconds / 60) % 60, Math.floor(seconds / 3_600)];
  const tail = `${String(seconds % 60).padStart(2, "0")}`;
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, "0")}:${tail}`;
}

/** Bytes with the unit a person can compare. */
export function toBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KB`;
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

/** An instant as a clock time, 10:41:40, in the reader's time zone unless one is given. */
export function toClock(at: string | number, timeZone?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return new Intl.DateTimeFormat("en-GB", timeZone === undefined ? CLOCK : { ...CLOCK, timeZone }).format(date);
}

/** When something was: the clock time for today, else the day. */
export function toWhen(at: string, now: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", ...zone });
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return day.format(date) === day.format(now) ? toClock(at, timeZone) : day.format(date);
}

/** A message as it stands in our errors, without a capital, as a sentence of its own. */
export function toSentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

/** One line of at most so many characters, cut at a whole character. */
export function toLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join("")}…`;
}

/** Whether a text is an id as this product writes them; nothing says that it exists. */
export function isPlainId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** The day of an instant as a heading: "Today", "Yesterday", else "24 Nov 2026". */
export function toDay(at: string, now: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", ...zone });
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const day = format.format(date);
  if (day === format.format(now)) return "Today";
  return day === format.format(now - 86_400_000) ? "Yesterday" : day;
}
