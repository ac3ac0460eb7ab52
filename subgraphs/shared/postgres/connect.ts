import postgres from "postgres";

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

export function connect(options: ConnectOptions): Sql {
  return postgres(options.url, {
    max: options.max ?? 10,
    idle_timeout: 60,
    // A liveness connection lives as long as its process; the driver would otherwise retire it after an hour.
    max_lifetime: null,
    connect_timeout: 10,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      search_path: options.schema,
      statement_timeout: options.statementTimeoutMs ?? 10_000,
      // A forgotten transaction would hold back every relay that waits for older transactions to end.
      idle_in_transaction_session_timeout: 5_000,
      ...options.parameters,
    },
  });
}
