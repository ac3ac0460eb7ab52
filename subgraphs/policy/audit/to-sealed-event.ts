import { type AuditDetails, detailsText, type SealedEvent } from "@soma/schemas/audit/sealed-event";
import type { AuditLeafRow, AuditRow } from "../store/tables.ts";
import { sha256Hex } from "./sha256.ts";

/** A new leaf for an event. */
export function toLeaf(row: AuditRow, { seq, salt }: { seq: number; salt: string }): AuditLeafRow {
  const detailsDigest = sha256Hex(detailsText(salt, detailsOf(row)));
  return { tenant: row.tenant, seq, eventId: row.eventId, salt, detailsDigest };
}

/** An event at its place. */
export function toSealedEvent(row: AuditRow, { seq, salt, detailsDigest }: AuditLeafRow): SealedEvent {
  const { tenant, eventId, category, decision, policyVersion, at, traceId } = row;
  const fields = { tenant, eventId, category, decision, policyVersion, at: at.toISOString(), traceId };
  return { ...fields, seq, salt, detailsDigest, details: detailsOf(row) };
}

function detailsOf({ actor, subject, reason, meta }: AuditRow): AuditDetails {
  return { actor, subject, reason, meta: meta as AuditDetails["meta"] };
}
