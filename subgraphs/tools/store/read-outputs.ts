import type { Tx } from "@soma/shared/postgres/connect";

interface ReadOutputsParams {
  tenant: string;
  invocationIds: readonly string[];
}

/**
 * What the last attempt of each invocation wrote, whole: the data of its frames. Invocations that wrote nothing are left
 * out.
 */
export async function readOutputs(tx: Tx, { tenant, invocationIds }: ReadOutputsParams): Promise<Map<string, string>> {
  const rows = await tx<
    { id: string; output: string }[]
  >`select f.invocation_id as id, string_agg(f.data, '' order by f.seq) as output
    from invocation i
      join stream_frame f on f.tenant = i.tenant and f.invocation_id = i.invocation_id and f.attempt = i.attempt
    where i.tenant = ${tenant} and i.invocation_id = any (${[...invocationIds]}::uuid[]) and f.kind = 'data'
    group by f.invocation_id`;
  return new Map(rows.map((row) => [row.id, row.output]));
}
