import type { Tx } from "@soma/shared/postgres/connect";

interface ReadHeadsParams {
  tenant: string;
  invocationIds: readonly string[];
}

/** How far each invocation is, of those that there are: its status and its newest frame; one index look-up per invocation. */
export async function readHeads(tx: Tx, { tenant, invocationIds }: ReadHeadsParams): Promise<Map<string, string>> {
  const rows = await tx<{ invocationId: string; head: string }[]>`
    select i.invocation_id as "invocationId", concat_ws(' ', i.status, f.n) as head
      from invocation i
      left join lateral (
        select x.n from stream_frame x
         where x.tenant = i.tenant and x.invocation_id = i.invocation_id
         order by x.n desc limit 1
      ) f on true
     where i.tenant = ${tenant} and i.invocation_id = any (${[...invocationIds]}::uuid[])`;
  return new Map(rows.map(({ invocationId, head }) => [invocationId, head]));
}
