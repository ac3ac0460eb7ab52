import { type Migration, readMigrations } from "@soma/shared/postgres/migrate";

/** Migrations of the langgraph schema, in order. Nothing here or below loads LangGraph itself. */
export function langgraphMigrations(): Promise<Migration[]> {
  return readMigrations(new URL("./store/migrations/", import.meta.url), "langgraph");
}
