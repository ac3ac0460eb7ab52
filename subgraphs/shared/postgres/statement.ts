import type { Sql, Tx } from "./connect.ts";
import { noteFullDisk } from "./full-disk.ts";
import { noteAnswer } from "./last-answer.ts";
import { explain, reserve } from "./transaction.ts";

/**
 * Asks one statement that is a transaction by itself, without `begin` and `commit`: one round trip. As with `transaction()` the wait
 * for a connection has a limit, and a lost connection is UNAVAILABLE. No request's end cancels it: it may be for several. It has no
 * tenant: a function that needs one sets it for its own statement.
 */
export async function statement<T>(sql: Sql, ask: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await reserve(sql);
  try {
    const answer = await ask(tx);
    noteAnswer(sql);
    return answer;
  } catch (error) {
    noteFullDisk(sql, error);
    throw explain(error, true);
  } finally {
    tx.release();
  }
}
