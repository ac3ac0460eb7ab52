import { hash } from "node:crypto";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { keepAuditEvent } from "../audit/keep-audit-event.ts";
import { toAlertEvent } from "../audit/to-alert-event.ts";
import type { FalcoAlert } from "../domain/falco-alert.ts";

export interface RecordAlertDeps {
  /** A pool of the request role. */
  sql: Sql;
  /** Throws while too many events wait to be published. */
  admit(): Promise<void>;
  now(): Date;
}

interface RecordAlertParams {
  tenant: string;
  alert: FalcoAlert;
  /** The alert as it was sent. */
  text: string;
}

/** Keeps an alert as an audit event, and publishes it; one that is kept already is not told again. */
export async function recordAlert(deps: RecordAlertDeps, { tenant, alert, text }: RecordAlertParams): Promise<void> {
  await deps.admit();
  const event = toAlertEvent({ tenant, alert, digest: hash("sha256", text), at: deps.now() });
  await transaction(deps.sql, { tenant }, async (tx) => {
    if (await keepAuditEvent(tx, { tenant, event }))
      await emit(tx, { type: "agent.audit.v1", tenant, key: tenant, data: event });
  });
}
