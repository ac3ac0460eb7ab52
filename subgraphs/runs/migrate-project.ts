import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { migrate, readMigrations } from "@soma/shared/postgres/migrate";

/**
 * Makes the tables of a project, by the numbered `.sql` files of its folder `tables/`, in a schema beside that of the
 * runs; how many files were applied. Steps read and write them as `soma_project`, each run the rows of its own tenant.
 */
export async function migrateProject(owner: Sql, runsSchema: string, tablesDir: string): Promise<number> {
  if (!existsSync(tablesDir)) return 0;
  const schema = `${runsSchema}_project`;
  const migrations = await readMigrations(pathToFileURL(`${tablesDir}/`), "project");
  return migrate(owner, schema, migrations, (tx) => lend(tx, schema));
}

/** The rule of every table, as the server writes it. */
const TENANT_ROWS = "(tenant = ( SELECT current_setting('soma.tenant'::text, true) AS current_setting))";

/**
 * All of the role's rights, whatever a file gave or forgot. What is lent already is left alone: to lend it takes a
 * table from whoever uses it.
 */
async function lend(tx: Tx, schema: string): Promise<void> {
  const tables = await tx<{ name: string; quoted: string; hasTenant: boolean; isLent: boolean; policies: string[] }[]>`
    select c.relname as name, quote_ident(c.relname) as quoted, exists (select from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'tenant' and a.atttypid = 'text'::regtype and not a.attisdropped) as "hasTenant",
        p.names as policies, c.relrowsecurity and c.relforcerowsecurity and p.names = '{tenant_rows}' and p.are_ours as "isLent"
      from pg_class c
        cross join lateral (select coalesce(array_agg(y.polname::text), '{}') as names,
            bool_and(pg_get_expr(y.polqual, y.polrelid) = ${TENANT_ROWS} and y.polwithcheck is null and y.polcmd = '*'
              and y.polroles = array['soma_project'::regrole::oid]) as are_ours
          from pg_policy y where y.polrelid = c.oid) p
     where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'migration' order by c.relname`;
  const open = tables.filter(({ hasTenant }) => !hasTenant);
  if (open.length > 0)
    throw new Error(
      `tables of the project have no column "tenant": ${open.map(({ name }) => name).join(", ")}; ` +
        "give each one, in its key: tenant text not null default current_setting('soma.tenant')",
    );
  await tx.unsafe(`grant usage on schema "${schema}" to soma_project`);
  await tx.unsafe(`grant usage on all sequences in schema "${schema}" to soma_project`);
  for (const { quoted, isLent, policies } of tables) {
    const table = `"${schema}".${quoted}`;
    await tx.unsafe(`grant select, insert, update, delete on ${table} to soma_project`);
    if (isLent) continue;
    await tx.unsafe(`alter table ${table} enable row level security, force row level security`);
    for (const policy of policies) await tx`drop policy ${tx(policy)} on ${tx(schema)}.${tx(quoted)}`;
    await tx.unsafe(
      `create policy tenant_rows on ${table} to soma_project using (tenant = (select current_setting('soma.tenant', true)))`,
    );
  }
  await lendViews(tx, schema);
}

/**
 * A view reads with the rights of whoever made it, past the rows of the tenant, unless it is told otherwise; one that
 * keeps rows of its own cannot be.
 */
async function lendViews(tx: Tx, schema: string): Promise<void> {
  const views = await tx<{ quoted: string; keepsRows: boolean; isLent: boolean }[]>`
    select quote_ident(relname) as quoted, relkind = 'm' as "keepsRows",
        relkind = 'v' and 'security_invoker=true' = any (coalesce(reloptions, '{}')) as "isLent"
      from pg_class where relnamespace = ${schema}::regnamespace and relkind in ('v', 'm') order by relname`;
  for (const { quoted, keepsRows, isLent } of views) {
    const view = `"${schema}".${quoted}`;
    await tx.unsafe(`revoke all on ${view} from public`);
    if (keepsRows) await tx.unsafe(`revoke all on ${view} from soma_project`);
    if (keepsRows || isLent) continue;
    await tx.unsafe(`alter view ${view} set (security_invoker = true)`);
    await tx.unsafe(`grant select, insert, update, delete on ${view} to soma_project`);
  }
}
