import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lifeOf } from "@soma/schemas/process-life";
import { SomaError } from "@soma/shared/errors";
import type { Check } from "@soma/shared/http/readiness";
import type { Log } from "@soma/shared/log";
import { createDatabase } from "./create-database.ts";
import { freePort } from "./free-port.ts";
import { type Kept, keepRunning } from "./keep-postgres.ts";
import { describePortHolder } from "./port-holder.ts";
import { findInstalled, reachPrograms } from "./postgres-programs.ts";
import { findServer, type RunningServer, type Server, startServer, stopServer } from "./postgres-server.ts";
import { choosePostgresUsers, type PostgresUser } from "./postgres-user.ts";

export interface LocalPostgres {
  port: number;
  /** Connection string of the owner role. */
  ownerUrl: string;
  /** True when this call created the data directory. */
  created: boolean;
  /** Whom the programs run as and where they were copied to; undefined when they run where npm put them. */
  elsewhere: string | undefined;
  /** Throws while the server has stopped and could not be started again yet. */
  check: Check;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  /** Folder of the database; made when it is missing, in a folder that is there. */
  dataDir: string;
  password: string;
  /** Taken when free, else the next free one is used. */
  preferredPort: number;
  database: string;
  log: Log;
  /** Tells people what becomes of the server. */
  say(line: string): void;
}

/**
 * Starts the PostgreSQL that npm installed, and starts it again whenever it stops. A server that outlived its parent (kill -9)
 * is found by its pid file and used again, so that a restart takes milliseconds and nothing is recovered twice.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dataDir, password, database, log, say } = options;
  const users = await choosePostgresUsers(dataDir);
  const programs = await reachPrograms({
    ...(await findInstalled()),
    canRun: async (program) =>
      (await canRun(users.creator, program, dirname(dataDir))) && canRun(users.server, program, dirname(dataDir)),
  });
  const created = !(await exists(join(dataDir, "PG_VERSION")));
  if (created) await createDatabase({ initdb: programs.initdb, users, dataDir, password });
  const server: Server = { pgCtl: programs.pg_ctl, user: users.server, dataDir };
  let running = (await findServer(server)) ?? (await startNearby(server, options.preferredPort));
  const { port } = running;
  const kept = keepRunning({
    log,
    say,
    isRunning: async () => (await lifeOf(running.pid)) === running.life,
    async start() {
      running = await startAgain(server, port);
    },
  });
  return {
    port,
    ownerUrl: `postgres://soma_owner:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    created,
    elsewhere: programs.copiedTo === undefined ? undefined : `${users.server.name}, from ${programs.copiedTo}`,
    check: () => checkRunning(kept),
    async stop() {
      kept.end();
      await stopServer(server);
      await kept.ended();
      // One that was just being started.
      await stopServer(server);
    },
  };
}

/** Between the choice of a port and the start of the server somebody else may take it: another one is tried then, once. */
async function startNearby(server: Server, preferred: number): Promise<RunningServer> {
  const port = await freePort(preferred);
  try {
    return await startServer(server, port);
  } catch (error) {
    if ((await freePort(port)) === port) throw error;
    return startServer(server, await freePort(preferred));
  }
}

/** On the same port, since everybody who is connected knows that one. */
async function startAgain(server: Server, port: number): Promise<RunningServer> {
  const found = await findServer(server);
  if (found?.port === port) return found;
  if (found !== undefined)
    throw new Error(
      `PostgreSQL was started on port ${found.port} and is wanted on ${port}; stop it: kill -INT ${found.pid}`,
    );
  if ((await freePort(port)) !== port) throw new Error(`port ${port} is held by ${await describePortHolder(port)}`);
  return startServer(server, port);
}

async function checkRunning(kept: Kept): Promise<void> {
  const fault = kept.fault();
  if (fault === undefined) return;
  const why = /no space left on device/i.test(fault) ? ", because its disk is full" : "";
  throw new SomaError("UNAVAILABLE", `PostgreSQL has stopped${why}; it is started again as soon as it can be`, {
    cause: new Error(fault),
  });
}

function canRun(user: PostgresUser, program: string, folder: string): Promise<boolean> {
  return user.run(program, ["--version"], folder).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
