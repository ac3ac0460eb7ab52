import type { Tx } from "../../postgres/connect.ts";
import type { LetterChoice } from "./decide-letter.ts";

export interface DecisionRow {
  idemKey: string;
  eventId: string;
  topic: string;
  key: string;
  type: string;
  decision: LetterChoice;
  reason: string | null;
  decidedBy: string;
  decidedAt: Date;
}

const COLUMNS =
  'idem_key as "idemKey", event_id as "eventId", topic, key, type, decision, reason, decided_by as "decidedBy", decided_at as "decidedAt"';

/** Keeps who decided what; nothing is changed when the tenant has a decision under the same idempotency key. */
export async function insertDecision(tx: Tx, row: Omit<DecisionRow, "decidedAt"> & { tenant: string }): Promise<void> {
  await tx`insert into letter_decision (tenant, idem_key, event_id, topic, key, type, decision, reason, decided_by)
    values (${row.tenant}, ${row.idemKey}, ${row.eventId}, ${row.topic}, ${row.key}, ${row.type}, ${row.decision}, ${row.reason}, ${row.decidedBy})
    on conflict (tenant, idem_key) do nothing`;
}

export async function findLetterDecision(
  tx: Tx,
  { tenant, idemKey }: { tenant: string; idemKey: string },
): Promise<DecisionRow | undefined> {
  const [row] = await tx<DecisionRow[]>`
    select ${tx.unsafe(COLUMNS)} from letter_decision where tenant = ${tenant} and idem_key = ${idemKey}`;
  return row;
}

/** What was decided, newest first. */
export async function listDecisions(
  tx: Tx,
  { tenant, limit }: { tenant: string; limit: number },
): Promise<DecisionRow[]> {
  return tx<DecisionRow[]>`
    select ${tx.unsafe(COLUMNS)} from letter_decision where tenant = ${tenant} order by decided_at desc limit ${limit}`;
}
