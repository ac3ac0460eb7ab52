import { type Migration, readMigrations, readSharedMigrations } from "@soma/shared/postgres/migrate";

/** Migrations of the tools schema, in order. */
export async function toolsMigrations(): Promise<Migration[]> {
  return [
    ...(await readSharedMigrations()),
    ...(await readMigrations(new URL("./store/migrations/", import.meta.url), "tools")),
  ];
}
