import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { provisionRoles } from "@soma/shared/postgres/roles";
import { startPostgres } from "./postgres.ts";

/** Vitest's global set-up for tests that need Postgres: a real server in a temporary folder, or the one of SOMA_TEST_DATABASE_URL. */
export default async function setup(): Promise<() => Promise<void>> {
  const given = process.env.SOMA_TEST_DATABASE_URL;
  if (given !== undefined && given !== "") {
    await provision(given);
    return async () => {};
  }
  const folder = await mkdtemp(join(tmpdir(), "soma-test-"));
  const server = await startPostgres({
    dataDir: join(folder, "pg"),
    password: "soma_owner",
    preferredPort: 0,
    database: "postgres",
    log: createSilentLog(),
    say: () => {},
  });
  process.env.SOMA_TEST_DATABASE_URL = server.ownerUrl;
  await provision(server.ownerUrl);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

export async function provision(url: string): Promise<void> {
  const owner = connect({ url, schema: "public", applicationName: "soma-test-setup", max: 1 });
  await provisionRoles(owner, { request: "soma_request", worker: "soma_worker" });
  await owner.end();
}
