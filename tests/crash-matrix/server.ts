import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@soma/local/postgres";
import { provision } from "@soma/local/test-postgres";
import { createSilentLog } from "@soma/shared/log";

export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own, in a temporary folder, that is started again whenever it stops. */
export async function startOwnServer(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "soma-matrix-"));
  const server = await startPostgres({
    dataDir: join(folder, "pg"),
    password: "soma_owner",
    preferredPort: 0,
    database: "postgres",
    log: createSilentLog(),
    say: () => {},
  });
  await provision(server.ownerUrl);
  return {
    url: server.ownerUrl,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
