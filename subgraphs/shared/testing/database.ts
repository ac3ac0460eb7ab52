import { randomBytes } from "node:crypto";
import { connect, type Sql } from "../postgres/connect.ts";
import { type Migration, migrate } from "../postgres/migrate.ts";

export interface TestDatabase {
  schema: string;
  /** Owner of the tables; row level security does not bind it. */
  owner: Sql;
  /** The role of requests: sees one tenant inside `transaction(sql, { tenant })`. */
  request: Sql;
  /** The role of loops. */
  worker: Sql;
  /** Connection strings of the three roles, for what connects by itself. */
  urls: { owner: string; request: string; worker: string };
  close(): Promise<void>;
}

/** A Postgres schema of its own for one test file, with the migrations applied. Needs the server that infra/local/test-postgres.ts starts. */
export async function createTestDatabase(name: string, migrations: readonly Migration[]): Promise<TestDatabase> {
  const ownerUrl = process.env.SOMA_TEST_DATABASE_URL;
  if (ownerUrl === undefined)
    throw new Error("SOMA_TEST_DATABASE_URL is not set; run these tests with `npm test`, which starts Postgres");
  const schema = `${name}_${randomBytes(4).toString("hex")}`;
  const urls = {
    owner: ownerUrl,
    request: withUser(ownerUrl, "soma_request"),
    worker: withUser(ownerUrl, "soma_worker"),
  };
  const owner = connect({ url: urls.owner, schema, applicationName: `${schema}-owner`, max: 4 });
  await migrate(owner, schema, migrations);
  const request = connect({ url: urls.request, schema, applicationName: `${schema}-request`, max: 4 });
  const worker = connect({ url: urls.worker, schema, applicationName: `${schema}-worker`, max: 4 });
  return {
    schema,
    owner,
    request,
    worker,
    urls,
    async close() {
      await Promise.all([request.end({ timeout: 2 }), worker.end({ timeout: 2 })]);
      await owner.unsafe(`drop schema "${schema}" cascade`);
      await owner.end({ timeout: 2 });
    },
  };
}

/** In the test server each role's password is its name. */
function withUser(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = role;
  return changed.href;
}
