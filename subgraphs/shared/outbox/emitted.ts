import type { Sql } from "../postgres/connect.ts";
import { createWakeUp } from "../wake-up.ts";

/** By schema, whatever role a pool has. */
const hints = createWakeUp();

/** Says that events were committed. A hint: a relay in another process finds them when it looks next. */
export function tellEmitted(sql: Sql): void {
  hints.changed(schemaOf(sql));
}

/** Calls the listener whenever this process has committed events of the pool's schema, until the function it gives is called. */
export function onEmitted(sql: Sql, listener: () => void): () => void {
  return hints.on(schemaOf(sql), listener);
}

const schemaOf = (sql: Sql): string => String(sql.options.connection.search_path);
