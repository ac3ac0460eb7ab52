import { chain } from "./chain.ts";
import type { HistoryEvent } from "./history.ts";

/** An event of the run itself that follows another one. */
export function runEvent(
  prev: { seq: number; hash: string },
  event: Pick<HistoryEvent, "runId" | "at" | "kind" | "payload">,
): HistoryEvent {
  return chain(prev.hash, { ...event, seq: prev.seq + 1, step: 0, node: null, nodeType: null, attempt: 0 });
}
