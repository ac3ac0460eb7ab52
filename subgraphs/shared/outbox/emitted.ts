import type { Sql } from "../postgres/connect.ts";
import { createWakeUp, type WakeUp } from "../wake-up.ts";

/** By schema, whatever role a pool has. */
const hints = createWakeUp();

/** Of a schema's other processes. */
const EMITTED = "emitted";

/** Says that events were committed: a hint. */
export function tellEmitted(sql: Sql): void {
  hints.changed(schemaOf(sql));
}

/**
 * Calls the listener whenever this process has committed events of the pool's schema, until the function it gives is called.
 * With `wakeUp` the schema's other processes hear it too, and so does the listener what they have committed.
 */
export function onEmitted(sql: Sql, listener: () => void, wakeUp?: WakeUp): () => void {
  if (wakeUp === undefined) return hints.on(schemaOf(sql), listener);
  const offs = [hints.on(schemaOf(sql), () => wakeUp.changed(EMITTED)), wakeUp.on(EMITTED, listener)];
  return () => {
    for (const off of offs) off();
  };
}

const schemaOf = (sql: Sql): string => String(sql.options.connection.search_path);
