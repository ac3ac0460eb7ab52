import type { Sql, Tx } from "./connect.ts";
import { transaction } from "./transaction.ts";

export interface RolePasswords {
  request: string;
  worker: string;
}

/**
 * The roles of a running system. `soma_request` serves callers and sees one tenant's rows at a time; `soma_worker` serves
 * loops and sees what a policy of its own shows it; `soma_definer` cannot log in and owns the functions that run with their
 * owner's rights; `soma_project` cannot either, and is whom statements of a project's steps run as. None owns a table, and
 * none may make temporary ones. Needs a superuser, or an owner whom an operator gave these roles.
 */
export async function provisionRoles(owner: Sql, passwords: RolePasswords): Promise<void> {
  await transaction(owner, {}, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('soma-roles', 0))`;
    await provision(tx, "soma_definer", "nologin");
    await provision(tx, "soma_project", "nologin");
    for (const [role, password] of [
      ["soma_request", passwords.request],
      ["soma_worker", passwords.worker],
    ] as const) {
      const [quoted] = await tx<{ literal: string }[]>`select quote_literal(${password}) as literal`;
      await provision(tx, role, `login password ${quoted?.literal}`);
      // Also of a session that is not opened by connect.ts: a forgotten transaction holds up what is published.
      await tx.unsafe(`alter role ${role} set idle_in_transaction_session_timeout = '5s'`);
    }
    const [here] = await tx<{ database: string }[]>`select quote_ident(current_database()) as database`;
    await tx.unsafe(`revoke temporary on database ${here?.database} from public`);
    await keepLocksForWorkers(tx);
  });
}

async function provision(tx: Tx, role: string, attributes: string): Promise<void> {
  const [row] = await tx`select 1 from pg_roles where rolname = ${role}`;
  await tx.unsafe(`${row === undefined ? "create" : "alter"} role ${role} ${attributes} nosuperuser nobypassrls`);
}

/**
 * Locks by two numbers say who is alive and guard the journal: a request that could take one could declare a worker alive
 * or hold up its commits. Requests lock by one number, which is another space. Only a superuser may change who calls the
 * server's own functions; where the owner is none, the operator has to.
 */
async function keepLocksForWorkers(tx: Tx): Promise<void> {
  const [me] = await tx<{ super: boolean }[]>`select rolsuper as super from pg_roles where rolname = current_user`;
  if (me?.super !== true) return;
  const locks = await tx<{ name: string }[]>`
    select p.oid::regprocedure::text as name from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_'
      and p.proargtypes = '23 23'::oidvector`;
  for (const { name } of locks) {
    await tx.unsafe(`revoke execute on function ${name} from public`);
    await tx.unsafe(`grant execute on function ${name} to soma_worker`);
  }
  // A rollback takes the fence of whoever has the run, in a function that does no more than that.
  await tx`grant execute on function pg_advisory_xact_lock(int, int) to soma_definer`;
}
