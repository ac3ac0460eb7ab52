import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { Sql, Tx } from "./connect.ts";
import { transaction } from "./transaction.ts";

export interface Migration {
  name: string;
  sql: string;
}

const FILE = /^\d{4}-[a-z0-9-]+\.sql$/;

/** The numbered `.sql` files of a folder, in order; `prefix` keeps folders apart in the table of what was applied. */
export async function readMigrations(folder: URL, prefix: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      if (!FILE.test(name))
        throw new Error(`migration ${name} in ${folder.pathname} is not named like 0001-what-it-does.sql`);
      return { name: `${prefix}/${name}`, sql: await readFile(new URL(name, folder), "utf8") };
    }),
  );
}

/** Migrations every subgraph shares: the outbox and the inbox. */
export function readSharedMigrations(): Promise<Migration[]> {
  return readMigrations(new URL("../outbox/migrations/", import.meta.url), "shared");
}

/**
 * Brings a schema up to date, one transaction for all, one at a time in the whole database:
 * extensions belong to all schemas, and two that create one at the same moment fail. A file that was changed after it had been
 * applied is refused: add a new one instead. So is a schema of a newer version, which this one cannot read. What `finish` throws
 * takes everything back.
 */
export async function migrate(
  owner: Sql,
  schema: string,
  migrations: readonly Migration[],
  finish: (tx: Tx) => Promise<void> = async () => {},
): Promise<number> {
  return transaction(owner, {}, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('soma-migrate', 0))`;
    await tx.unsafe(`create schema if not exists "${schema}"`);
    await tx.unsafe(`set local search_path = "${schema}"`);
    await tx.unsafe(
      `create table if not exists migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`,
    );
    const rows = await tx<{ name: string; sha256: string }[]>`select name, sha256 from migration`;
    const ours = new Set(migrations.map(({ name }) => name));
    const newer = rows.find(({ name }) => !ours.has(name));
    if (newer !== undefined)
      throw new Error(
        `schema ${schema} was migrated by a newer version, which has ${newer.name}; start that version, or restore the backup made before the upgrade`,
      );
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    let count = 0;
    for (const migration of migrations) {
      const sha256 = hash("sha256", migration.sql, "hex");
      const before = applied.get(migration.name);
      if (before === sha256) continue;
      if (before !== undefined)
        throw new Error(
          `migration ${migration.name} was changed after it had been applied to schema ${schema}; restore it and add a new file`,
        );
      await tx.unsafe(migration.sql);
      await tx`insert into migration (name, sha256) values (${migration.name}, ${sha256})`;
      count += 1;
    }
    await finish(tx);
    await tx.unsafe(`grant usage on schema "${schema}" to soma_request, soma_worker`);
    return count;
  });
}
