import type { Sql, Tx } from "./connect.ts";

/**
 * Who is alive, told by the database: an incarnation holds a session lock on its number for as long as its connection
 * lives. After `kill -9` the server ends the session and the lock is free within milliseconds; no clock is involved.
 * Lock classes: 1 worker liveness, 2 commit fence, 3 tool executors.
 */
export interface Liveness {
  /** False once the connection that held the lock was lost; its owner must stop starting effects. */
  held(): boolean;
  close(): Promise<void>;
}

export const LOCK_CLASS = { WORKER: 1, FENCE: 2, EXECUTOR: 3 } as const;

export async function holdLiveness(dedicated: Sql, lockClass: number, no: number, checkMs = 500): Promise<Liveness> {
  const connection: Tx = await dedicated.reserve();
  await connection`select pg_advisory_lock(${lockClass}::int, ${no}::int)`;
  let held = true;
  let checking = false;
  const timer = setInterval(async () => {
    if (checking) return;
    checking = true;
    const [row] = await connection<{ held: boolean }[]>`
      select exists (select 1 from pg_locks where locktype = 'advisory' and classid = ${lockClass}::int::oid
        and objid = ${no}::int::oid and pid = pg_backend_pid()) as held`.catch(() => []);
    held = row?.held === true;
    checking = false;
    if (!held) clearInterval(timer);
  }, checkMs);
  return {
    held: () => held,
    async close() {
      clearInterval(timer);
      held = false;
      await connection`select pg_advisory_unlock(${lockClass}::int, ${no}::int)`.catch(() => {});
      connection.release();
    },
  };
}

/** True when no session holds the number, hence its process is gone. */
export async function isDead(sql: Sql, lockClass: number, no: number): Promise<boolean> {
  const [row] = await sql<{ free: boolean }[]>`
    with probe as materialized (select pg_try_advisory_lock(${lockClass}::int, ${no}::int) as free)
    select case when free then pg_advisory_unlock(${lockClass}::int, ${no}::int) else false end as free from probe`;
  return row?.free === true;
}
