import type { Sql } from "./connect.ts";
import { transaction } from "./transaction.ts";

export interface RolePasswords {
  request: string;
  worker: string;
}

/**
 * The two roles of a running system: `soma_request` serves callers and sees one tenant's rows at a time; `soma_worker`
 * serves loops and sees what a policy of its own shows it. Neither owns a table. Needs a role that may create roles.
 */
export async function provisionRoles(owner: Sql, passwords: RolePasswords): Promise<void> {
  await transaction(owner, {}, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('soma-roles', 0))`;
    for (const [role, password] of [
      ["soma_request", passwords.request],
      ["soma_worker", passwords.worker],
    ] as const) {
      const [row] = await tx`select 1 from pg_roles where rolname = ${role}`;
      const [quoted] = await tx<{ literal: string }[]>`select quote_literal(${password}) as literal`;
      await tx.unsafe(
        `${row === undefined ? "create" : "alter"} role ${role} login nobypassrls password ${quoted?.literal}`,
      );
    }
  });
}
