import { ConfigError, readSettings, url } from "@soma/shared/config";
import type { RolePasswords } from "@soma/shared/postgres/roles";
import { requestDatabaseUrl, workerDatabaseUrl } from "@soma/shared/subgraph-settings";

const settings = {
  ownerDatabaseUrl: url(["postgres:", "postgresql:"], {
    env: "OWNER_DATABASE_URL",
    doc: "Postgres as the owner of the tables, who may make roles; of the program alone that makes both",
    secret: true,
  }),
  requestDatabaseUrl,
  workerDatabaseUrl,
};

/** Who owns the tables, and what the two roles sign in with: each has to be in the address that its processes are given. */
export function readTablesConfig(env: Record<string, string | undefined>): {
  ownerUrl: string;
  passwords: RolePasswords;
} {
  const config = readSettings(settings, env);
  const faults: string[] = [];
  const passwordOf = (name: string, address: string, role: string): string => {
    const { username, password } = new URL(address);
    if (username !== role || password === "")
      faults.push(`${name} is to have the user ${role} and its password, since that role is made with it`);
    return decodeURIComponent(password);
  };
  const passwords = {
    request: passwordOf("DATABASE_URL", config.requestDatabaseUrl, "soma_request"),
    worker: passwordOf("WORKER_DATABASE_URL", config.workerDatabaseUrl, "soma_worker"),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return { ownerUrl: config.ownerDatabaseUrl, passwords };
}
