import type { Sql } from "../../postgres/connect.ts";

export interface OpenTransaction {
  /** Process id of its server process; null for one that is prepared and belongs to none. */
  pid: number | null;
  /** What its program calls itself; for a prepared one, its name. */
  applicationName: string;
  /** Null where the server does not tell our role. */
  ageS: number | null;
}

/** The open transaction with the lowest number, which every later one waits for that is read in the order of numbers. */
export async function findOpenTransaction(sql: Sql): Promise<OpenTransaction | undefined> {
  const [row] = await sql<OpenTransaction[]>`
    select pid, name as "applicationName", extract(epoch from clock_timestamp() - began)::float8 as "ageS"
      from (select pid, application_name as name, xact_start as began, backend_xid as xid from pg_stat_activity
              where backend_xid is not null and pid <> pg_backend_pid()
            union all select null, gid, prepared, transaction from pg_prepared_xacts) open
     order by age(xid) desc limit 1`;
  return row;
}
