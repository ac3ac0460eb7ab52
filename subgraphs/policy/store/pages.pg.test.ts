import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyMigrations } from "../migrate.ts";
import { listAuditEvents } from "./list-audit-events.ts";
import { listDecisionsOf } from "./list-decisions-of.ts";

const runId = newId("Run");
const DIRECTIONS = [{ backward: false }, { backward: true }];

describe("pages of policy", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase("policy", await policyMigrations());
    const at = "2026-01-01T00:00:00Z";
    for (const [tenant, count] of [
      ["acme", 3_000],
      ["other", 1_000],
    ] as const) {
      await database.owner`insert into decision
        select ${tenant}, gen_random_uuid(), true, 'allowed', '{}', 'clock', '1', 'low', 'user:ada', 'assistant', '', '1',
          ${runId}, null, n::text, '', ${at}, ${at} from generate_series(1, ${count}::int) n`;
      await database.owner`insert into audit_event
        select ${tenant}, gen_random_uuid(), 'policy', 'user:ada', 'tool:clock', 'allow', 'allowed', null, ${at}, null, '{}'
          from generate_series(1, ${count}::int) n`;
    }
    await database.owner`analyze decision, audit_event`;
  });
  afterAll(() => database.close());

  /** How Postgres reads what a verb asks for as a request: its plan, a line each. */
  const planOf = (verb: (tx: Tx) => Promise<unknown[]>): Promise<string> =>
    transaction(database.request, { tenant: "acme" }, async (tx) => {
      const explaining = new Proxy(tx, {
        apply(target, self, args) {
          const query = Reflect.apply(target, self, args);
          return String(args[0]).startsWith("select ") ? target`explain ${query}` : query;
        },
      });
      return (await verb(explaining)).map((line) => Object.values(line as object)[0]).join("\n");
    });

  it.each(DIRECTIONS)("of a run's decisions come from their index, backward $backward", async ({ backward }) => {
    const more = { after: newId("Decision", 1_000), before: newId("Decision"), backward, limit: 51 };
    const plan = await planOf((tx) => listDecisionsOf(tx, { owners: [runId], ...more }));
    expect(plan).toMatch(/Index Scan (Backward )?using decision_by_run /);
    expect(plan).toMatch(/Index Cond: .*run_id = asked.id.* AND \(decision_id > .* AND \(decision_id < /);
  });

  it.each(DIRECTIONS)("of the audit come from its key, backward $backward", async ({ backward: oldestFirst }) => {
    const ids = { olderThan: newId("AuditEvent"), newerThan: newId("AuditEvent", 1_000) };
    let plan = "";
    await transaction(database.request, { tenant: "acme" }, async (tx) => {
      const explaining = new Proxy(tx, {
        get(target, name) {
          if (name !== "unsafe") return Reflect.get(target, name);
          return (text: string, params: never[]) => ({
            async values() {
              plan = (await target.unsafe(`explain ${text}`, params).values()).join("\n");
              return [];
            },
          });
        },
      });
      await listAuditEvents(explaining, { tenant: "acme", ...ids, oldestFirst, limit: 51 });
    });
    expect(plan).toMatch(/Index Scan (Backward )?using audit_event_pkey /);
    expect(plan).toMatch(/Index Cond: .*event_id < .*event_id > /);
    expect(plan).not.toContain("Sort");
  });
});
