import { type Migration, readMigrations, readSharedMigrations } from "@soma/shared/postgres/migrate";

/** Migrations of the memory schema. */
export async function memoryMigrations(): Promise<Migration[]> {
  return [
    ...(await readSharedMigrations()),
    ...(await readMigrations(new URL("./store/migrations/", import.meta.url), "memory")),
  ];
}
