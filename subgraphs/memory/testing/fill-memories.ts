import { newId } from "@soma/shared/ids";
import type { TestDatabase } from "@soma/shared/testing/database";

const WORDS = [
  "invoice",
  "harbour",
  "violin",
  "glacier",
  "ticket",
  "onion",
  "lantern",
  "pencil",
  "meadow",
  "engine",
  "number",
  "favourite",
  "colour",
  "budget",
  "train",
];

interface FillMemoriesParams {
  tenant: string;
  count: number;
  /** Each memory has a session of its own when it is left out. */
  sessionId?: string;
  runId?: string;
  /** Milliseconds since 1970 of the first one's id; each next one is one later. */
  fromMs?: number;
  /** Words that all of them have. */
  common?: string;
}

/**
 * Filler sentences straight into the table: thousands would take minutes one by one. The indexes of the search are made anew
 * when there are many, which is faster than one row at a time. Gives the ids, oldest first.
 */
export async function fillMemories({ owner }: TestDatabase, params: FillMemoriesParams): Promise<string[]> {
  const { tenant, count, sessionId = null, runId = null, fromMs = 1_600_000_000_000, common = "were seen" } = params;
  const ids = Array.from({ length: count }, (_, i) => newId("Memory", fromMs + i));
  const indexes =
    count < 5_000
      ? []
      : await owner<{ name: string; made: string }[]>`select indexname as name, indexdef as made from pg_indexes
          where schemaname = current_schema() and tablename = 'memory_item' and indexdef like '%USING gin%'`;
  for (const { name } of indexes) await owner`drop index ${owner(name)}`;
  await owner`insert into memory_item (tenant, memory_id, namespace, session_id, run_id, role, kind, content, meta, at,
      idem_key_base, somabrain_key, created_at)
    select ${tenant}, id, 'default', coalesce(${sessionId}::uuid, gen_random_uuid()), ${runId}, 'user', 'MESSAGE',
      'The ' || (${WORDS}::text[])[1 + n % 15] || ' and the ' ||
        (${WORDS}::text[])[1 + (n / 15) % 15] || ' of the ' ||
        (${WORDS}::text[])[1 + (n / 225) % 15] || ' ' || ${common} || ' ' || n,
      '{}', now(), 'filler-' || md5(id::text), 'filler-' || id, now() from unnest(${ids}::uuid[]) with ordinality m(id, n)`;
  for (const { made } of indexes) await owner.unsafe(made);
  return ids;
}
