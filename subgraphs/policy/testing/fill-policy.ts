import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";

interface FillParams {
  tenant: string;
  count: number;
  /** Milliseconds since 1970 of the first row; each next one is one later. */
  fromMs: number;
}

interface FillAuditParams extends FillParams {
  category?: string;
  actor?: string;
  subject?: string;
  decision?: string;
}

/** Audit events; gives their ids, oldest first. */
export async function fillAudit(owner: Sql, params: FillAuditParams): Promise<string[]> {
  const { tenant, count, fromMs } = params;
  const { category = "policy", actor = "user:ada", subject = "tool:clock", decision = "allow" } = params;
  const ids = Array.from({ length: count }, (_, i) => newId("AuditEvent", fromMs + i));
  await owner`insert into audit_event
    select ${tenant}, id, ${category}, ${actor}, ${subject}, ${decision}, 'because', null, now(), null, '{}' from unnest(${ids}::uuid[]) a(id)`;
  return ids;
}

/** Decisions of a run under one idempotency key, each of a step of its own but for the first, which share one; gives their ids, oldest first. */
export async function fillDecisions(owner: Sql, params: FillParams & { runId: string }): Promise<string[]> {
  const { tenant, count, fromMs, runId } = params;
  const ids = Array.from({ length: count }, (_, i) => newId("Decision", fromMs + i));
  await owner`insert into decision
    select ${tenant}, id, true, 'allowed', '{}', 'clock', '1', 'low', 'user:ada', 'assistant', '', '1', ${runId},
      ${runId} || '.' || greatest(n - 3000, 0), 'the same', '', now(), now() from unnest(${ids}::uuid[]) with ordinality d(id, n)`;
  return ids;
}
