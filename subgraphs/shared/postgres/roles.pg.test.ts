import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase("roles", []);
});
afterAll(() => database.close());

it("provisionRoles() lets no session of a role that logs in stand in a transaction for ever, whoever opened it", async () => {
  const rows = await database.owner<{ role: string; settings: string[] | null }[]>`
    select rolname as role, rolconfig as settings from pg_roles where rolname in ('soma_request', 'soma_worker') order by 1`;
  expect(rows).toEqual(
    ["soma_request", "soma_worker"].map((role) => ({ role, settings: ["idle_in_transaction_session_timeout=5s"] })),
  );
});
