import type { LogEvent } from "../../run-log/view.ts";

/** Events that hold every word, as far as they were looked at. */
export interface Filtered {
  text: string;
  first: LogEvent | undefined;
  /** How many events were looked at. */
  looked: number;
  shown: readonly LogEvent[];
}

export const UNFILTERED: Filtered = { text: "", first: undefined, looked: 0, shown: [] };

/**
 * Events that hold every word: in their number, kind, step, time or payload. Of a history that grew since, what is new
 * is looked at.
 */
export function filterEvents(before: Filtered, events: readonly LogEvent[], text: string): Filtered {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const [first] = events;
  if (words.length === 0) return { text, first, looked: events.length, shown: events };
  const goesOn = before.text === text && before.first === first && before.looked <= events.length;
  const { looked, shown } = goesOn ? before : UNFILTERED;
  const more = events.slice(looked).filter((event) => {
    const said = textOf(event);
    return words.every((word) => said.includes(word));
  });
  return { text, first, looked: events.length, shown: more.length === 0 ? shown : [...shown, ...more] };
}

function textOf({ seq, type, stepNumber, nodeId, nodeType, payload }: LogEvent): string {
  const about = stepNumber === null ? "" : `step ${stepNumber} ${nodeId} ${nodeType}`;
  return `#${seq} ${type} ${about} ${JSON.stringify(payload)}`.toLowerCase();
}
