import postgres from "postgres";
import { backoffMs } from "../backoff.ts";
import { SomaError } from "../errors.ts";

export type Sql = postgres.Sql;
/** A connection inside a transaction; only `transaction()` makes one. */
export type Tx = postgres.ReservedSql;

export interface ConnectOptions {
  url: string;
  /** Schema that unqualified names mean. */
  schema: string;
  applicationName: string;
  /** Connections at most. */
  max?: number;
  /** Milliseconds a statement may take; 0 for no limit. */
  statementTimeoutMs?: number;
  /** Extra server parameters for each connection. */
  parameters?: Record<string, string>;
}

/** Server parameters for statements that may read whole tables: migrations, and those of people's own projects. */
export const WHOLE_TABLES = { enable_seqscan: "on" };

/** The state of the driver that infra/patches makes; a lost connection can end the process of any other. */
const PATCH = "lost-connections-1";

/** Waits before a connection is tried again. Short, so that work goes on soon after the database is back. */
const RECONNECT = { initialMs: 50, maxMs: 1_000, minMs: 20 };

/** A pool. Throws when the installed driver is not the patched one. */
export function connect(options: ConnectOptions): Sql {
  if (!("patch" in postgres) || postgres.patch !== PATCH)
    throw new SomaError(
      "INTERNAL",
      "the installed package postgres is not patched, and a lost connection could end this process; " +
        "run: node infra/patches/apply.js (npm install does it, unless its scripts are switched off)",
    );
  return postgres(options.url, {
    max: options.max ?? 10,
    idle_timeout: 60,
    // A liveness connection lives as long as its process; the driver would otherwise retire it after an hour.
    max_lifetime: null,
    connect_timeout: 10,
    backoff: (failures) => backoffMs(RECONNECT, failures) / 1000,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      search_path: options.schema,
      statement_timeout: options.statementTimeoutMs ?? 10_000,
      // A forgotten transaction would hold back every relay that waits for older transactions to end.
      idle_in_transaction_session_timeout: 5_000,
      // A plan that was made when a table was small stays for the life of its connection, those of foreign keys too: read by
      // its key, a young table costs no more, and one that grew in the meantime a hundredth.
      enable_seqscan: "off",
      // Releases of PostgreSQL before 18 say "off" by a cost so high that they would compile each such plan.
      jit: "off",
      ...options.parameters,
    },
  });
}
