import { connect } from "@soma/shared/postgres/connect";
import { migrate } from "@soma/shared/postgres/migrate";
import { provisionRoles, type RolePasswords } from "@soma/shared/postgres/roles";
import { langgraphMigrations } from "./migrate.ts";

export interface SetUpOptions {
  /** Of a superuser, or of an owner who may create roles and schemas. */
  url: string;
  /** Passwords the roles of SomaAgent01 shall have; left out where they exist, as other programs sign in with them. */
  passwords?: RolePasswords;
  /** `langgraph` when left out. */
  schema?: string;
}

/** Makes a PostgreSQL of one's own ready for `SomaSaver`, or brings it up to date; how many migrations were applied. `npm start` does it by itself. */
export async function setUp({ url, passwords, schema = "langgraph" }: SetUpOptions): Promise<number> {
  const options = { schema, applicationName: "soma-langgraph-set-up", max: 1, statementTimeoutMs: 0 };
  const owner = connect({ url, ...options });
  try {
    if (passwords !== undefined) await provisionRoles(owner, passwords);
    return await migrate(owner, schema, await langgraphMigrations());
  } finally {
    await owner.end();
  }
}
