import { createHmac } from "node:crypto";
import { loadMode, secretsOf } from "@soma/conf/modes";
import { referencesOf } from "@soma/local/database";
import type { Secrets } from "@soma/local/secrets";
import { JOBS, listSettings, PARTS } from "./list-settings.ts";
import { PROGRAMS } from "./programs.ts";

const DATABASE = "soma";
const OWNER = "soma_owner";

/**
 * The env files of secrets by their names: each service is told what it reads and nothing else, and what is set for it alone. A value stands bare, as it is:
 * compose and Podman take the rest of the line.
 */
export function toSecretFiles(secrets: Secrets): Map<string, string> {
  const redis = createHmac("sha256", secrets.postgres.owner).update("redis").digest("base64url");
  const values = valuesOf(secrets, redis);
  const places = secretsOf(loadMode("dev_prod"));
  const readers = new Map(listSettings().map(({ env, readBy }) => [env, readBy as readonly string[]]));
  const files = new Map<string, string>();
  for (const part of [...PARTS, ...JOBS]) {
    const own = Object.entries(places).filter(([env]) => readers.get(env)?.includes(part));
    const lines = own.map(([env, place]) => [env, valueAt(values, env, place)] as const);
    const told = [...lines, ...Object.entries(PROGRAMS[part].set ?? {})];
    if (told.length > 0) files.set(`${part}.env`, toText(told));
  }
  files.set(
    "postgres.env",
    toText([
      ["POSTGRES_DB", DATABASE],
      ["POSTGRES_INITDB_ARGS", "--locale=C --encoding=UTF8"],
      ["POSTGRES_PASSWORD", secrets.postgres.owner],
      ["POSTGRES_USER", OWNER],
    ]),
  );
  files.set("redis.env", toText([["REDISCLI_AUTH", redis]]));
  return files;
}

/** What a mode may ask for, by the places that it names. */
function valuesOf(secrets: Secrets, redis: string): Record<string, string | undefined> {
  const owner = new URL(`postgres://postgres:5432/${DATABASE}`);
  owner.username = OWNER;
  owner.password = secrets.postgres.owner;
  const known = referencesOf("", owner.href, secrets);
  const keys = ["internal", "decision", "user"].flatMap((name) => [
    [`soma-keys/${name}-private`, known[`${name}.privateKey`]],
    [`soma-keys/${name}-public`, known[`${name}.publicKey`]],
  ]);
  return {
    "soma-database/owner-url": owner.href,
    "soma-database/request-url": known["postgres.request"],
    "soma-database/worker-url": known["postgres.worker"],
    "soma-redis/url": `redis://:${redis}@redis:6379/0`,
    ...Object.fromEntries(keys),
  };
}

function valueAt(values: Readonly<Record<string, string | undefined>>, env: string, place: string): string {
  const value = values[place];
  if (value === undefined) throw new Error(`${env} is to come from ${place}, and no such secret is made for compose`);
  return value;
}

function toText(lines: readonly (readonly [string, string])[]): string {
  return lines.map(([name, value]) => `${name}=${value}\n`).join("");
}
