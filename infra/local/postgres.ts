import { readFile, realpath, rm, stat } from "node:fs/promises";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createDatabase } from "./create-database.ts";
import { freePort } from "./free-port.ts";
import { findInstalled, reachPrograms } from "./postgres-programs.ts";
import { choosePostgresUsers, type PostgresUser } from "./postgres-user.ts";
import { isAlive, programOf } from "./process-identity.ts";

export interface LocalPostgres {
  port: number;
  /** Connection string of the owner role. */
  ownerUrl: string;
  /** True when this call created the data directory. */
  created: boolean;
  /** Whom the programs run as and where they were copied to; undefined when they run where npm put them. */
  elsewhere: string | undefined;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  /** Folder of the database; made when it is missing, in a folder that is there. */
  dataDir: string;
  password: string;
  /** Taken when free, else the next free one is used. */
  preferredPort: number;
  database: string;
}

/** How long a server may take to be ready; it replays its log after a crash. */
const START_S = 120;
const STOP_S = 10;

/** A server on its folder. */
interface Server {
  pgCtl: string;
  user: PostgresUser;
  dataDir: string;
}

/**
 * Starts the PostgreSQL that npm installed. A server that outlived its parent (kill -9) is found by its pid file and
 * used again, so that a restart takes milliseconds and nothing is recovered twice.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dataDir, password, database } = options;
  const users = await choosePostgresUsers(dataDir);
  const programs = await reachPrograms({
    ...(await findInstalled()),
    canRun: (program) => canRun(users.creator, program, dirname(dataDir)),
  });
  const created = !(await exists(join(dataDir, "PG_VERSION")));
  if (created) await createDatabase({ initdb: programs.initdb, users, dataDir, password });
  const server: Server = { pgCtl: programs.pg_ctl, user: users.server, dataDir };
  const port = (await runningPort(server)) ?? (await start(server, options.preferredPort));
  return {
    port,
    ownerUrl: `postgres://soma_owner:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    created,
    elsewhere: programs.copiedTo === undefined ? undefined : `${users.server.name}, from ${programs.copiedTo}`,
    async stop() {
      await control(server, ["stop", "-m", "fast", "-w", "-t", String(STOP_S)]);
    },
  };
}

function canRun(user: PostgresUser, program: string, folder: string): Promise<boolean> {
  return user.run(program, ["--version"], folder).then(
    () => true,
    () => false,
  );
}

function control({ pgCtl, user, dataDir }: Server, args: readonly string[]): Promise<{ stdout: string }> {
  return user.run(pgCtl, [...args, "-D", user.here(dataDir)], dataDir);
}

async function start(server: Server, preferredPort: number): Promise<number> {
  const port = await freePort(preferredPort);
  const log = join(server.dataDir, "server.log");
  const args = ["start", "-l", "server.log", "-w", "-t", String(START_S), "-o", `-p ${port}`];
  await control(server, args).catch(async (error: Error) => {
    const tail = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");
    throw new Error(
      `PostgreSQL did not start in ${server.dataDir}; the end of ${log}:\n${tail === "" ? error.message : tail}`,
      { cause: error },
    );
  });
  return port;
}

/**
 * Port of the server that already runs on the folder. Its pid file has the number in line 1, the port in line 4 and, once
 * it is ready, the word in line 8. After a crash of the machine or the container the number may be somebody else's:
 * PostgreSQL would refuse to start, so the file is removed.
 */
async function runningPort(server: Server): Promise<number | undefined> {
  const path = join(server.dataDir, "postmaster.pid");
  for (let waited = 0; waited < START_S * 1_000; waited += 50) {
    const lines = (await readFile(path, "utf8").catch(() => "")).split("\n");
    const pid = Number(lines[0]);
    if (!isAlive(pid)) return undefined;
    if (waited === 0 && !(await isServerOf(server, pid))) {
      await rm(path, { force: true });
      return undefined;
    }
    if (lines[7]?.trim() === "ready") return Number(lines[3]);
    await pause(50);
  }
  throw new Error(
    `PostgreSQL runs on ${server.dataDir} and was not ready within ${START_S} s; see server.log there, or stop it: kill -INT ${(await readFile(path, "utf8")).split("\n")[0]}`,
  );
}

/** True unless the process is certainly another one: its program is not PostgreSQL, or it stands in another folder. */
async function isServerOf({ user, dataDir }: Server, pid: number): Promise<boolean> {
  const program = await programOf(pid);
  if (program !== undefined && !basename(program).startsWith("postgres")) return false;
  if (platform() !== "linux") return true;
  const [of, wanted] = await Promise.all([stat(`/proc/${pid}`).catch(() => undefined), stat(dataDir)]);
  if (of !== undefined && of.uid !== wanted.uid) return false;
  // Asked as PostgreSQL's user: root without the capability SYS_PTRACE may not look.
  const folder = await user.run("readlink", [`/proc/${pid}/cwd`], dirname(dataDir)).catch(() => undefined);
  return folder === undefined || folder.stdout.trim() === (await realpath(dataDir));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
