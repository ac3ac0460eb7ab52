import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { replaceFile, syncFolder } from "@soma/shared/replace-file";
import { ASIDE, type PostgresUser, type PostgresUsers } from "./postgres-user.ts";

export interface CreateDatabaseParams {
  initdb: string;
  users: PostgresUsers;
  dataDir: string;
  password: string;
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
 * Makes a database in a folder beside its own and renames it when it is whole: a start that is killed on the way leaves no
 * half database, only a folder that the next one removes. The name is new each time, because an initdb whose parent was
 * killed may still be writing.
 */
export async function createDatabase({ initdb, users, dataDir, password }: CreateDatabaseParams): Promise<void> {
  await removeLeftovers(dataDir);
  await rmdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return;
    throw new Error(
      `${dataDir} is there and holds no database (${error.message}); move it away, and mount nothing there but above it`,
      { cause: error },
    );
  });
  const aside = await mkdtemp(`${dataDir}${ASIDE}`);
  try {
    const made = join(aside, "pg");
    await initialise({ initdb, creator: users.creator, aside, made, password });
    const config = join(made, "postgresql.conf");
    await replaceFile(config, `${await readFile(config, "utf8")}\n# soma\n${SETTINGS.join("\n")}\n`, { mode: 0o600 });
    await users.server.own(made);
    await rename(made, dataDir);
    await syncFolder(dirname(dataDir));
  } finally {
    await rm(aside, { recursive: true, force: true }).catch(() => {});
  }
}

async function removeLeftovers(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  for (const name of await readdir(parent))
    if (name.startsWith(`${basename(dataDir)}${ASIDE}`))
      // One that cannot be removed is in nobody's way; the next start tries again.
      await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

interface InitialiseParams {
  initdb: string;
  creator: PostgresUser;
  aside: string;
  made: string;
  password: string;
}

async function initialise({ initdb, creator, aside, made, password }: InitialiseParams): Promise<void> {
  await mkdir(made, { mode: 0o700 });
  await writeFile(join(aside, "password"), `${password}\n`, { mode: 0o600 });
  await creator.own(aside);
  const flags = [
    `-D${creator.here(made)}`,
    "--auth=scram-sha-256",
    "--username=soma_owner",
    "--pwfile=../password",
    "--locale=C",
    "--encoding=UTF8",
    "--no-instructions",
  ];
  await creator.run(initdb, flags, made).catch((error: Error & { stderr?: string }) => {
    throw new Error(`PostgreSQL could not create ${made}: ${error.stderr?.trim() || error.message}`, { cause: error });
  });
}
