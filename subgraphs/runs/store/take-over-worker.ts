import type { Sql } from "@soma/shared/postgres/connect";

/** Declares a worker dead and makes its runs ready for others; how many there were. */
export async function takeOverWorker(sql: Sql, params: { workerId: string; no: number }): Promise<number> {
  const [row] = await sql<
    { taken: number }[]
  >`select take_over_worker(${params.no}::int, ${params.workerId}::uuid) as taken`;
  return row?.taken ?? 0;
}
