import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { migrate, readMigrations } from "@soma/shared/postgres/migrate";

/**
 * Makes the tables of a project, by the numbered `.sql` files of its folder `tables/`, in a schema beside that of the runs;
 * how many files were applied. Steps read and write them as `soma_project`, each run the rows of its own tenant.
 */
export async function migrateProject(owner: Sql, runsSchema: string, tablesDir: string): Promise<number> {
  if (!existsSync(tablesDir)) return 0;
  const schema = `${runsSchema}_project`;
  const migrations = await readMigrations(pathToFileURL(`${tablesDir}/`), "project");
  return migrate(owner, schema, migrations, (tx) => lend(tx, schema));
}

/** All of the role's rights, whatever a file gave or forgot. */
async function lend(tx: Tx, schema: string): Promise<void> {
  const tables = await tx<{ name: string; quoted: string; hasTenant: boolean }[]>`
    select c.relname as name, quote_ident(c.relname) as quoted, exists (select from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'tenant' and a.atttypid = 'text'::regtype and not a.attisdropped) as "hasTenant"
      from pg_class c where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'migration'`;
  const open = tables.filter(({ hasTenant }) => !hasTenant);
  if (open.length > 0)
    throw new Error(
      `tables of the project have no column "tenant": ${open.map(({ name }) => name).join(", ")}; ` +
        "give each one, in its key: tenant text not null default current_setting('soma.tenant')",
    );
  await tx.unsafe(`grant usage on schema "${schema}" to soma_project`);
  await tx.unsafe(`grant usage on all sequences in schema "${schema}" to soma_project`);
  for (const { quoted } of tables) {
    const table = `"${schema}".${quoted}`;
    await tx.unsafe(`grant select, insert, update, delete on ${table} to soma_project`);
    await tx.unsafe(`alter table ${table} enable row level security, force row level security`);
    await tx.unsafe(`drop policy if exists tenant_rows on ${table}`);
    await tx.unsafe(
      `create policy tenant_rows on ${table} to soma_project using (tenant = (select current_setting('soma.tenant', true)))`,
    );
  }
  await lendViews(tx, schema);
}

/** A view reads with the rights of whoever made it, past the rows of the tenant, unless it is told otherwise; one that keeps rows of its own cannot be. */
async function lendViews(tx: Tx, schema: string): Promise<void> {
  const views = await tx<{ quoted: string; keepsRows: boolean }[]>`
    select quote_ident(relname) as quoted, relkind = 'm' as "keepsRows"
      from pg_class where relnamespace = ${schema}::regnamespace and relkind in ('v', 'm')`;
  for (const { quoted, keepsRows } of views) {
    const view = `"${schema}".${quoted}`;
    await tx.unsafe(`revoke all on ${view} from public, soma_project`);
    if (keepsRows) continue;
    await tx.unsafe(`alter view ${view} set (security_invoker = true)`);
    await tx.unsafe(`grant select, insert, update, delete on ${view} to soma_project`);
  }
}
