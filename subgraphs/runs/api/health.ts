import type { Sql } from "@soma/shared/postgres/connect";
import { ping } from "@soma/shared/postgres/ping";
import type { Health, HealthComponent } from "./generated.ts";

/** Health of the engine: whether its database answers, and how fast. */
export async function readHealth(sql: Sql): Promise<Health> {
  const startedAt = performance.now();
  const database: HealthComponent = await ping(sql).then(
    () => ({
      name: "POSTGRES",
      status: "OK" as const,
      detail: `answered in ${Math.round(performance.now() - startedAt)} ms`,
    }),
    (error: Error) => ({ name: "POSTGRES", status: "DOWN" as const, detail: error.message }),
  );
  return { status: database.status, components: [database] };
}
