import type { LogEvent } from "../../run-log/view.ts";

/** Events that hold every word: in their number, kind, step, time or payload. */
export function filterEvents(events: readonly LogEvent[], text: string): readonly LogEvent[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return events;
  return events.filter((event) => {
    const said = textOf(event);
    return words.every((word) => said.includes(word));
  });
}

function textOf({ seq, type, stepNumber, nodeId, nodeType, payload }: LogEvent): string {
  const about = stepNumber === null ? "" : `step ${stepNumber} ${nodeId} ${nodeType}`;
  return `#${seq} ${type} ${about} ${JSON.stringify(payload)}`.toLowerCase();
}
