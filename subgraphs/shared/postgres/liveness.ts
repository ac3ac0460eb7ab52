import type { Sql } from "./connect.ts";

/**
 * Who is alive, told by the database: an incarnation holds a session lock on its number for as long as its connection
 * lives. After `kill -9` the server ends the session and the lock is free within milliseconds; no clock is involved.
 * Lock classes: 1 worker liveness, 2 commit fence, 3 tool executors; 4 claims, which only the SQL of runs takes.
 */
export interface Liveness {
  /** False once the connection that held the lock was lost; its owner must stop starting effects. */
  held(): boolean;
  /** Resolves when the lock is found to be lost. */
  lost: Promise<void>;
  close(): Promise<void>;
}

export const LOCK_CLASS = { WORKER: 1, FENCE: 2, EXECUTOR: 3 } as const;

/**
 * Takes the lock on the only connection of a pool. The connection is not reserved: a reserved one answers nothing after it was
 * lost, while a pool connects again, and the lock is then found to be gone.
 */
export async function holdLiveness(dedicated: Sql, lockClass: number, no: number, checkMs = 500): Promise<Liveness> {
  if (dedicated.options.max !== 1)
    throw new Error(`a liveness lock needs a pool of exactly one connection, not ${dedicated.options.max}`);
  await dedicated`select pg_advisory_lock(${lockClass}::int, ${no}::int)`;
  let held = true;
  let closed = false;
  let checking = false;
  const lost = Promise.withResolvers<void>();
  const timer = setInterval(async () => {
    if (checking) return;
    checking = true;
    const [row] = await dedicated<{ held: boolean }[]>`
      select exists (select 1 from pg_locks where locktype = 'advisory' and classid = ${lockClass}::int::oid
        and objid = ${no}::int::oid and pid = pg_backend_pid()) as held`.catch(() => []);
    checking = false;
    // Let go while it was being looked at: it is not held, whatever was seen.
    if (closed) return;
    held = row?.held === true;
    if (held) return;
    clearInterval(timer);
    lost.resolve();
  }, checkMs);
  return {
    held: () => held,
    lost: lost.promise,
    async close() {
      clearInterval(timer);
      closed = true;
      held = false;
      await dedicated`select pg_advisory_unlock(${lockClass}::int, ${no}::int)`.catch(() => {});
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
