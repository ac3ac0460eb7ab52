import { SomaError } from "../errors.ts";
import { isTenant } from "../identity/principal.ts";
import { requestSignal } from "../request-signal.ts";
import { tellCommitted } from "./after-commit.ts";
import { cancelable, canceledError } from "./cancelable.ts";
import type { Sql, Tx } from "./connect.ts";
import { noteFullDisk } from "./full-disk.ts";
import { noteAnswer } from "./last-answer.ts";
import { whyUnavailable } from "./why-unavailable.ts";

/** How long a request may wait for a connection. */
const RESERVE_LIMIT_MS = 5_000;

/**
 * The only way to open a transaction of several statements; one alone: statement.ts. The connection is reserved before
 * `begin`, because the driver's own helper can mix statements of others into it. With a tenant, row level security shows that tenant's rows and no other's; without one
 * only roles that have a policy of their own see anything. A lost connection is UNAVAILABLE, whenever it is lost. What a
 * request asked for that nobody waits for any more is canceled.
 */
export async function transaction<T>(sql: Sql, options: { tenant?: string }, work: (tx: Tx) => Promise<T>): Promise<T> {
  const begin = options.tenant === undefined ? "begin" : `begin; set local soma.tenant = '${checked(options.tenant)}'`;
  const signal = requestSignal();
  const isForNobody = (): boolean => signal?.aborted === true;
  if (isForNobody()) throw canceledError();
  const tx = await reserve(sql);
  const lent = signal === undefined ? { tx, settled: async () => {} } : cancelable(tx, signal);
  let committing = false;
  // What is still inside a transaction is never handed to another: not given back, the server ends it for standing idle,
  // and the pool connects anew. A lost connection is in the pool again already, and giving it back does nothing.
  let over = false;
  try {
    await tx.unsafe(begin);
    const result = await work(lent.tx);
    await lent.settled();
    committing = true;
    const { command } = await tx.unsafe("commit");
    over = true;
    noteAnswer(sql);
    // Postgres answers so when a statement had failed and whoever asked it went on: nothing was written.
    if (command !== "COMMIT")
      throw new Error("a statement failed, its error was passed over, and nothing was committed");
    tellCommitted(lent.tx, sql);
    return result;
  } catch (error) {
    await lent.settled();
    over ||= await tx.unsafe("rollback").then(
      () => true,
      () => false,
    );
    noteFullDisk(sql, error);
    throw isForNobody() && !committing ? canceledError() : explain(error, committing);
  } finally {
    if (over) tx.release();
  }
}

/** What a lost connection means to whoever asked; other errors as they are. */
export function explain(error: unknown, committing: boolean): unknown {
  if (error instanceof SomaError) return error;
  const reason = whyUnavailable(error);
  if (reason === undefined) return error;
  const outcome = committing
    ? "it was committing, and whether it did is not known"
    : "the transaction was taken back; try again";
  return new SomaError("UNAVAILABLE", `${reason}; ${outcome}`, { cause: error });
}

function checked(tenant: string): string {
  if (!isTenant(tenant)) throw new SomaError("BAD_INPUT", `tenant "${tenant}" is not 1 to 40 of a-z, 0-9 and -`);
  return tenant;
}

/** A connection of the pool, or why there is none in time. */
export async function reserve(sql: Sql): Promise<Tx> {
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
  } catch (error) {
    const reason = error instanceof SomaError ? undefined : whyUnavailable(error, { asked: true });
    throw reason === undefined ? error : new SomaError("UNAVAILABLE", `${reason}; try again`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
