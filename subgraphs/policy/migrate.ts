import { type Migration, readMigrations, readSharedMigrations } from "@soma/shared/postgres/migrate";

/** Migrations of the policy schema. */
export async function policyMigrations(): Promise<Migration[]> {
  return [
    ...(await readSharedMigrations()),
    ...(await readMigrations(new URL("./store/migrations/", import.meta.url), "policy")),
  ];
}
