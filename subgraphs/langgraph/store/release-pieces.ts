import type { Tx } from "@soma/shared/postgres/connect";
import { lockOf } from "./keep-pieces.ts";

interface ReleasePiecesParams {
  tenant: string;
  threadId: string;
}

/**
 * Does what takes checkpoints of a thread away, then drops the pieces that no checkpoint has any more. Nobody keeps pieces
 * of the tenant meanwhile.
 */
export async function releasePieces(
  tx: Tx,
  { tenant, threadId }: ReleasePiecesParams,
  takeAway: () => Promise<void>,
): Promise<void> {
  await tx`select pg_advisory_xact_lock(${lockOf(tx, tenant)})`;
  await takeAway();
  const unused = await tx<{ sha256: Buffer }[]>`
    delete from piece_use u using (
      select sha256 from piece_use where tenant = ${tenant} and thread_id = ${threadId}
      except
      select decode(h #>> '{}', 'hex') from (
        select jsonb_path_query(channels, '$.*.value.pieces[*]') as h from checkpoint
         where tenant = ${tenant} and thread_id = ${threadId}
        union all
        select jsonb_path_query(writes, '$.*.value.pieces[*]') from task_write
         where tenant = ${tenant} and thread_id = ${threadId}) kept) gone
     where u.tenant = ${tenant} and u.thread_id = ${threadId} and u.sha256 = gone.sha256
    returning u.sha256`;
  if (unused.length === 0) return;
  const hashes = unused.map(({ sha256 }) => sha256.toString("hex"));
  await tx`
    delete from piece p using (select decode(h, 'hex') as sha256 from unnest(${hashes}::text[]) h) u
     where p.tenant = ${tenant} and p.sha256 = u.sha256
       and not exists (select from piece_use o where o.tenant = p.tenant and o.sha256 = p.sha256)`;
}
