import { workerData } from "node:worker_threads";
import { createSilentLog } from "../log.ts";
import { emit } from "../outbox/emit.ts";
import { createOutboxSource } from "../outbox/outbox-source.ts";
import { connect } from "../postgres/connect.ts";
import { createNotifiedWakeUp } from "../postgres/notified-wake-up.ts";
import { transaction } from "../postgres/transaction.ts";
import { anAudit } from "./outbox-stage.ts";

/** Another process of a schema, as far as modules go: it has a relay that never looks, and emits one event. */
const { url, schema, reason } = workerData as { url: string; schema: string; reason: string };
const sql = connect({ url, schema, applicationName: "emitting", max: 2 });
const wakeUp = await createNotifiedWakeUp({ sql, schema, log: createSilentLog() });
const deaf = createOutboxSource(sql, wakeUp).onWritten?.(() => {});
await transaction(sql, { tenant: "acme" }, (tx) =>
  emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: anAudit(reason) }),
);
deaf?.();
await wakeUp.close();
await sql.end();
