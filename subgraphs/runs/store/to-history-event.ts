import { toEventKind } from "@soma/schemas/run-history";
import type { HistoryEvent } from "../domain/history.ts";
import type { JournalRow } from "./tables.ts";

/** A journal row as the rest of the program reads it. */
export function toHistoryEvent(row: Omit<JournalRow, "tenant">): HistoryEvent {
  return {
    runId: row.runId,
    seq: row.seq,
    at: row.at,
    kind: toEventKind(row.kind),
    step: row.step,
    node: row.node,
    nodeType: row.nodeType,
    attempt: row.attempt,
    payload: row.payload as HistoryEvent["payload"],
    payloadHash: row.payloadHash.toString("hex"),
    hash: row.hash.toString("hex"),
  };
}
