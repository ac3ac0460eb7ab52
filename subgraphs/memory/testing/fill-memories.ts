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

/** Filler sentences straight into the table: thousands would take minutes one by one. */
export async function fillMemories(database: TestDatabase, params: { tenant: string; count: number }): Promise<void> {
  await database.owner`insert into memory_item (tenant, memory_id, namespace, session_id, role, kind, content, meta, at,
      idem_key_base, somabrain_key, created_at)
    select ${params.tenant}, gen_random_uuid(), 'default', gen_random_uuid(), 'user', 'MESSAGE',
      'The ' || (${WORDS}::text[])[1 + n % 15] || ' and the ' ||
        (${WORDS}::text[])[1 + (n / 15) % 15] || ' of the ' ||
        (${WORDS}::text[])[1 + (n / 225) % 15] || ' were seen ' || n,
      '{}', now(), 'filler-' || n, 'filler-' || n, now() from generate_series(1, ${params.count}::int) n`;
}
