import type { Sql } from "@soma/shared/postgres/connect";

/** Pieces by name, those that are there. */
export async function findPieces(
  sql: Sql,
  { tenant, hashes }: { tenant: string; hashes: readonly string[] },
): Promise<Map<string, Uint8Array>> {
  const rows = await sql<{ sha256: Buffer; bytes: Buffer }[]>`
    select sha256, bytes from piece
     where tenant = ${tenant} and sha256 = any (select decode(h, 'hex') from unnest(${hashes}::text[]) h)`;
  return new Map(rows.map(({ sha256, bytes }) => [sha256.toString("hex"), bytes]));
}
