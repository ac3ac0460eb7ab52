import type { Sql } from "@soma/shared/postgres/connect";
import type { SeenWorker } from "../domain/judge-workers.ts";

/**
 * Declares a worker dead that was not heard since it was seen, and makes its runs ready for others; how many there
 * were, or undefined when it was heard or another one did so. Without a time, whenever it was heard.
 */
export async function takeOverWorker(
  sql: Sql,
  { no, workerId, heardAt }: Pick<SeenWorker, "workerId" | "no"> & { heardAt?: string },
): Promise<number | undefined> {
  // As text, which keeps each of its digits.
  const [row] = await sql<
    { taken: number | null }[]
  >`select take_over_unheard(${no}::int, ${workerId}::uuid, ${heardAt ?? null}::text::timestamptz) as taken`;
  return row?.taken ?? undefined;
}
