import { type Migration, readMigrations } from "@soma/shared/postgres/migrate";

/**
 * Migrations of the runs schema. The shared outbox is not among them: a run's journal row is its event, so the relay reads
 * the journal.
 */
export function runsMigrations(): Promise<Migration[]> {
  return readMigrations(new URL("./store/migrations/", import.meta.url), "runs");
}
