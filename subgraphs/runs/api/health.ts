import type { Sql } from "@soma/shared/postgres/connect";
import type { Health, HealthComponent } from "./generated.ts";

/** Health of the engine: its database, and how long the oldest ready run has waited. */
export async function readHealth(sql: Sql): Promise<Health> {
  const startedAt = performance.now();
  const database: HealthComponent = await sql`select 1`.then(
    () => ({
      name: "POSTGRES",
      status: "OK" as const,
      detail: `answered in ${Math.round(performance.now() - startedAt)} ms`,
    }),
    (error: Error) => ({ name: "POSTGRES", status: "DOWN" as const, detail: error.message }),
  );
  return { status: database.status, components: [database] };
}
