import { SomaError } from "../errors.ts";
import { isTenant } from "../identity/principal.ts";
import type { Sql, Tx } from "./connect.ts";

/** How long a request may wait for a connection. */
const RESERVE_LIMIT_MS = 5_000;

/**
 * The only way to open a transaction. The connection is reserved before `begin`, because the driver's own helper can mix
 * statements of others into it. With a tenant, row level security shows that tenant's rows and no other's; without one
 * only roles that have a policy of their own see anything.
 */
export async function transaction<T>(sql: Sql, options: { tenant?: string }, work: (tx: Tx) => Promise<T>): Promise<T> {
  const begin = options.tenant === undefined ? "begin" : `begin; set local soma.tenant = '${checked(options.tenant)}'`;
  const tx = await reserve(sql);
  let lost = false;
  try {
    await tx.unsafe(begin);
    const result = await work(tx);
    await tx.unsafe("commit");
    return result;
  } catch (error) {
    lost = isConnectionLost(error);
    if (!lost) await tx.unsafe("rollback").catch(() => {});
    throw error;
  } finally {
    // A connection that is gone took the transaction with it; writing to it, or giving it back, breaks the driver.
    if (!lost) tx.release();
  }
}

function isConnectionLost(error: unknown): boolean {
  const { code } = error instanceof Error ? (error as Error & { code?: unknown }) : {};
  return typeof code === "string" && /^CONNECTION_|^57P0[123]$/.test(code);
}

function checked(tenant: string): string {
  if (!isTenant(tenant)) throw new SomaError("BAD_INPUT", `tenant "${tenant}" is not 1 to 40 of a-z, 0-9 and -`);
  return tenant;
}

async function reserve(sql: Sql): Promise<Tx> {
  const reserving = sql.reserve();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reserving.then((late) => late.release()).catch(() => {});
      reject(new SomaError("DATABASE_BUSY", `no database connection became free within ${RESERVE_LIMIT_MS} ms`));
    }, RESERVE_LIMIT_MS);
  });
  try {
    return await Promise.race([reserving, limit]);
  } finally {
    clearTimeout(timer);
  }
}
