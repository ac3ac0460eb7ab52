import { hash } from "node:crypto";
import { join, resolve } from "node:path";
import { migrateProject } from "@soma/runs/migrate-project";
import type { Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { connect, WHOLE_TABLES } from "@soma/shared/postgres/connect";
import { migrate } from "@soma/shared/postgres/migrate";
import { provisionRoles, type RolePasswords } from "@soma/shared/postgres/roles";
import { SCHEMAS } from "./parts.ts";
import { type LocalPostgres, startPostgres } from "./postgres.ts";
import type { Secrets } from "./secrets.ts";
import { somaCommand } from "./soma-command.ts";

/** Below those that systems give to whoever asks for any: while the server is down nobody takes its port by chance. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

interface DatabaseDeps {
  lifecycle: Lifecycle;
  log: Log;
  /** Tells people what becomes of PostgreSQL while we run. */
  say(line: string): void;
}

/** The PostgreSQL of a data folder. */
export async function startDatabase(
  dataDir: string,
  secrets: Secrets,
  { lifecycle, log, say }: DatabaseDeps,
): Promise<LocalPostgres> {
  const postgres = await startPostgres({
    dataDir: join(dataDir, "pg"),
    password: secrets.postgres.owner,
    preferredPort: portOf(dataDir),
    database: "postgres",
    log,
    say,
  });
  lifecycle.add("postgres", postgres.stop);
  return postgres;
}

/** Of each data folder another one, so that what starts beside it, while it is down for a moment, prefers another. */
function portOf(dataDir: string): number {
  return FIRST_PORT + (hash("sha256", resolve(dataDir), "buffer").readUInt32BE() % PORTS);
}

/** Roles, and the migrations of the named schemas; how many migrations were applied. */
export async function migrateSchemas(
  ownerUrl: string,
  passwords: RolePasswords,
  names: readonly string[],
): Promise<number> {
  const limits = { max: names.length, statementTimeoutMs: 0, parameters: WHOLE_TABLES };
  const options = { schema: "public", applicationName: "soma-migrate", ...limits };
  const owner = connect({ url: ownerUrl, ...options });
  try {
    await provisionRoles(owner, passwords);
    const counts = names.map(async (name) => migrate(owner, name, (await SCHEMAS[name]?.migrations()) ?? []));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  } finally {
    await owner.end();
  }
}

/** The tables of a project; how many of its files were applied. */
export async function migrateTables(ownerUrl: string, tablesDir: string): Promise<number> {
  const owner = connect({
    url: ownerUrl,
    schema: "public",
    applicationName: "soma-tables",
    max: 1,
    statementTimeoutMs: 0,
    parameters: WHOLE_TABLES,
  });
  try {
    return await migrateProject(owner, "runs", tablesDir);
  } finally {
    await owner.end();
  }
}

/** What the settings of a mode may take from a data folder: who connects how, and the keys. */
export function referencesOf(dataDir: string, ownerUrl: string, secrets: Secrets): Record<string, string> {
  const { postgres, internal, decision, user } = secrets;
  const as = (role: string, password: string): string => {
    const url = new URL(ownerUrl);
    url.username = role;
    url.password = password;
    return url.href;
  };
  const keys = Object.entries({ internal, decision, user }).flatMap(([name, { privateKey, publicKey }]) => [
    [`${name}.privateKey`, JSON.stringify(privateKey)],
    [`${name}.publicKey`, JSON.stringify(publicKey)],
  ]);
  return {
    "data.folder": dataDir,
    "command.signIn": `${somaCommand(dataDir)} signin`,
    "postgres.request": as("soma_request", postgres.request),
    "postgres.worker": as("soma_worker", postgres.worker),
    ...Object.fromEntries(keys),
  };
}
